import { expect, test } from "vitest";
import { createSession, message, shared, TestOutlet } from "./session-drive.ts";

test.for([
  [0, 0, 'a q0 "x"'],
  [0, 2, 'a q0 "x"'],
  [1, 0, 'a q0 "x"'],
  [1, 1, 'a q1 #1 "x"'],
  [1, 2, 'a q1 #1 "x"'],
  [2, 1, 'a q1 #1 "x"'],
  [2, 2, 'a q2 #1 "x"'],
] as const)("a message of QoS %i, granted %i, goes out as %s [MQTT-3.8.4-6]", (row) => {
  const [qos, granted, expected] = row;
  const { session, outlet, counters } = createSession();
  session.deliver(message(qos, "x"), granted, () => shared("x"));
  expect(outlet.take()).toEqual([expected]);
  expect(counters.delivered).toBe(1);
});

test("a retained message goes out with its flag, a routed one without", () => {
  const { session, outlet } = createSession();
  session.deliverRetained(message(0, "then"), 1);
  session.deliverRetained(message(1, "then"), 1);
  session.deliverRetained(message(1, "then"), 0);
  expect(outlet.take()).toEqual([
    'a q0 retained "then"',
    'a q1 #1 retained "then"',
    'a q0 retained "then"',
  ]);
});

test("beyond the window messages wait in order, and an acknowledgement lets the next go", () => {
  const { session, outlet, send } = createSession();
  send(1, "1", "2", "3", "4", "5");
  expect(outlet.take()).toEqual(['a q1 #1 "1"', 'a q1 #2 "2"', 'a q1 #3 "3"']);
  expect(session.acknowledge(4, 2)).toBe(true);
  expect(outlet.take()).toEqual(['a q1 #4 "4"']);
  send(1, "6");
  session.acknowledge(4, 1);
  session.acknowledge(4, 3);
  expect(outlet.take()).toEqual(['a q1 #5 "5"', 'a q1 #6 "6"']);
  expect([session.inFlightCount, session.queuedBytes]).toEqual([3, 0]);
});

test("the window closes at as many bytes as the queue may hold", () => {
  const { session, outlet, send } = createSession({ windowMessages: 64, queueBytes: 1000 });
  send(1, "x".repeat(900), "y", "z");
  expect(outlet.take()).toHaveLength(1);
  expect(session.inFlightCount).toBe(1);
  session.acknowledge(4, 1);
  expect(outlet.take()).toEqual(['a q1 #2 "y"', 'a q1 #3 "z"']);
});

test("QoS 2 goes out once more as PUBREL, and its place is free after PUBCOMP", () => {
  const { session, outlet, send } = createSession({ windowMessages: 1 });
  send(2, "1", "2");
  session.acknowledge(5, 1);
  expect(outlet.take()).toEqual(['a q2 #1 "1"', "pubrel #1"]);
  expect(session.acknowledge(5, 1)).toBe(true);
  expect(outlet.take()).toEqual(["pubrel #1"]);
  session.acknowledge(7, 1);
  expect(outlet.take()).toEqual(['a q2 #2 "2"']);
});

test("what does not fit the queue is dropped and counted; what waits stays", () => {
  const { session, outlet, counters, send } = createSession({ queueBytes: 600 });
  send(1, "1", "2", "3");
  outlet.take();
  const texts = ["a", "b", "c", "d", "e", "f", "g", "h"];
  send(1, ...texts);
  expect(session.queuedBytes).toBeLessThanOrEqual(600);
  const waiting = Math.floor(600 / (128 + 2));
  expect(counters.droppedQueueFull).toBe(texts.length - waiting);
  for (const id of [1, 2, 3, 4, 5, 6, 7]) session.acknowledge(4, id);
  expect(outlet.take().map((line) => line.at(-2))).toEqual(texts.slice(0, waiting));
  expect([session.queuedBytes, session.inFlightCount]).toEqual([0, 0]);
});

test("a client that does not read loses QoS 0, counted, and gets QoS 1 after it reads", () => {
  const { session, outlet, counters, send } = createSession();
  outlet.isCongested = true;
  send(0, "live");
  send(1, "alert", "more");
  session.flush();
  expect(outlet.take()).toEqual([]);
  expect(counters).toMatchObject({ delivered: 0, droppedCongested: 1, droppedQueueFull: 0 });
  outlet.isCongested = false;
  session.flush();
  expect(outlet.take()).toEqual(['a q1 #1 "alert"', 'a q1 #2 "more"']);
});

test("a new message waits behind those that wait", () => {
  const { outlet, send, session } = createSession();
  outlet.isCongested = true;
  send(1, "old");
  outlet.isCongested = false;
  send(1, "new");
  expect(outlet.take()).toEqual([]);
  session.flush();
  expect(outlet.take()).toEqual(['a q1 #1 "old"', 'a q1 #2 "new"']);
});

test("while the client is away QoS 1 and 2 wait, and QoS 0 is lost", () => {
  const { session, send, counters } = createSession();
  session.detach(1000);
  expect(session.awaySinceMs).toBe(1000);
  send(0, "live");
  send(1, "alert");
  expect(counters.droppedCongested).toBe(0);
  const outlet = new TestOutlet();
  session.attach(outlet);
  expect(session.awaySinceMs).toBeNull();
  session.resume();
  expect(outlet.take()).toEqual(['a q1 #1 "alert"']);
});

test("after a reconnect what was under way comes first, in order and with DUP, then the rest", () => {
  const { session, outlet, send } = createSession();
  send(2, "1");
  send(1, "2", "3", "4");
  session.acknowledge(5, 1);
  outlet.take();
  session.detach(0);
  send(1, "5");
  const next = new TestOutlet();
  session.attach(next);
  send(1, "6");
  expect(next.take()).toEqual([]);
  session.resume();
  session.resume();
  expect(next.take()).toEqual(["pubrel #1", 'a q1 #2 dup "2"', 'a q1 #3 dup "3"']);
  for (const [type, id] of [
    [7, 1],
    [4, 2],
    [4, 3],
  ] as const)
    session.acknowledge(type, id);
  expect(next.take()).toEqual(['a q1 #4 "4"', 'a q1 #5 "5"', 'a q1 #6 "6"']);
  expect(outlet.take()).toEqual([]);
});

test("before CONNACK nothing new goes out, so that nothing goes out twice", () => {
  const { session, send } = createSession();
  session.detach(0);
  const outlet = new TestOutlet();
  session.attach(outlet);
  send(1, "1");
  session.flush();
  expect(outlet.take()).toEqual([]);
  session.resume();
  expect(outlet.take()).toEqual(['a q1 #1 "1"']);
});

test("ids go round from 65535 to 1, and one that is in use is passed over", () => {
  const { session, outlet, send } = createSession();
  send(1, "stays");
  for (let id = 2; id <= 65_535; id++) {
    send(1, "x");
    session.acknowledge(4, id);
  }
  expect(outlet.take().at(-1)).toBe('a q1 #65535 "x"');
  send(1, "after", "next");
  expect(outlet.take()).toEqual(['a q1 #2 "after"', 'a q1 #3 "next"']);
});

test.for([
  ["PUBACK of nothing", 4, 9],
  ["PUBREC of nothing", 5, 9],
  ["PUBCOMP of nothing", 7, 9],
] as const)("%s is counted, too many are refused, and nothing is freed", ([, type, id]) => {
  const { session, send } = createSession();
  send(2, "1");
  send(1, "2");
  const answers = [1, 2, 3, 4, 5, 6].map(() => session.acknowledge(type, id));
  expect(answers).toEqual([true, true, true, true, false, false]);
  expect(session.inFlightCount).toBe(2);
});

test.for([
  ["PUBACK for QoS 2", 4, 1],
  ["PUBCOMP before PUBREC", 7, 1],
  ["PUBREC for QoS 1", 5, 2],
  ["PUBCOMP for QoS 1", 7, 2],
] as const)("%s is a violation, refused at once, and frees nothing", ([, type, id]) => {
  const { session, send } = createSession();
  send(2, "1");
  send(1, "2");
  expect(session.acknowledge(type, id)).toBe(false);
  expect(session.inFlightCount).toBe(2);
});

test("PUBREC of nothing is answered, so that the client's exchange can end", () => {
  const { session, outlet } = createSession();
  session.acknowledge(5, 700);
  session.acknowledge(4, 701);
  session.acknowledge(7, 702);
  expect(outlet.take()).toEqual(["pubrel #700"]);
});

test("a new connection starts without unexpected acknowledgements", () => {
  const { session } = createSession();
  for (const id of [1, 2, 3, 4]) session.acknowledge(4, id);
  session.attach(new TestOutlet());
  expect(session.acknowledge(4, 9)).toBe(true);
});

test("what the client may not read is not delivered, also when it waited meanwhile", () => {
  const { session, outlet, send } = createSession();
  outlet.isCongested = true;
  send(1, "waits");
  outlet.isCongested = false;
  outlet.refusedTopics.add("a");
  send(0, "live");
  send(1, "alert");
  session.flush();
  expect(outlet.take()).toEqual([]);
  expect([session.inFlightCount, session.queuedBytes]).toEqual([0, 0]);
});

test("an outlet that acknowledges within its own write gets each message once", () => {
  const { session, outlet, send } = createSession({ windowMessages: 1 });
  outlet.isCongested = true;
  send(1, "1", "2", "3");
  const answering = new (class extends TestOutlet {
    override write(bytes: Buffer): void {
      super.write(bytes);
      session.acknowledge(4, bytes.readUInt16BE(5));
    }
  })();
  session.attach(answering);
  session.resume();
  expect(answering.take()).toEqual(['a q1 #1 "1"', 'a q1 #2 "2"', 'a q1 #3 "3"']);
});

test("what has expired is delivered to nobody: not from the queue, and not again", () => {
  const { session, outlet, counters, clock, send } = createSession({ windowMessages: 1 });
  const until = (text: string, expiresAtMs: number) =>
    session.deliver({ ...message(1, text), expiresAtMs }, 1, () => shared(text));
  expect(until("sent", 100)).toBe("sent");
  expect(until("too late", 200)).toBe("waiting");
  expect(until("in time", 400)).toBe("waiting");
  expect(outlet.take()).toEqual(['a q1 #1 "sent"']);
  clock.nowMs = 100;
  session.detach(0);
  session.attach(outlet);
  clock.nowMs = 200;
  session.resume();
  // Neither the one without its PUBACK nor the one that waited.
  expect(outlet.take()).toEqual(['a q1 #2 "in time"']);
  expect(counters.droppedExpired).toBe(2);
  expect([session.inFlightCount, session.queuedBytes]).toEqual([1, 0]);
  clock.nowMs = 399;
  session.detach(0);
  session.attach(outlet);
  session.resume();
  expect(outlet.take()).toEqual(['a q1 #2 dup "in time"']);
  session.acknowledge(4, 2);
  send(1, "next");
  expect(outlet.take()).toEqual(['a q1 #3 "next"']);
});

test("a message says what became of it", () => {
  const { session, outlet } = createSession({ queueBytes: 200 });
  const deliver = (qos: 0 | 1) => session.deliver(message(qos, "x"), 1, () => shared("x"));
  expect([deliver(0), deliver(1)]).toEqual(["sent", "sent"]);
  session.detach(0);
  expect([deliver(0), deliver(1), deliver(1)]).toEqual(["dropped", "waiting", "dropped"]);
  session.attach(outlet);
  expect(deliver(1)).toBe("dropped");
});

test("a queue that is full of what has expired has room for a new command", () => {
  const { session, outlet, counters, clock } = createSession({ queueBytes: 300 });
  const until = (text: string, expiresAtMs: number) =>
    session.deliver({ ...message(1, text), expiresAtMs }, 1, () => shared(text));
  session.detach(0);
  expect([until("a", 100), until("b", 900), until("c", 900)]).toEqual([
    "waiting",
    "waiting",
    "dropped",
  ]);
  clock.nowMs = 100;
  expect([until("d", 900), until("e", 900)]).toEqual(["waiting", "dropped"]);
  expect(counters).toMatchObject({ droppedExpired: 1, droppedQueueFull: 2 });
  session.attach(outlet);
  session.resume();
  expect(outlet.take()).toEqual(['a q1 #1 "b"', 'a q1 #2 "d"']);
  expect(session.queuedBytes).toBe(0);
});
