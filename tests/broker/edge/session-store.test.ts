import { expect, test } from "vitest";
import type { Session } from "../../../broker/edge/session.ts";
import { SessionStore, type SessionStoreLimits } from "../../../broker/edge/session-store.ts";
import { message, sessionLimits, TestOutlet } from "./session-drive.ts";

const owner = "sppg-1.probe-1";

interface Connected {
  session: Session;
  outlet: TestOutlet;
  detach(nowMs?: number): void;
}

function createStore(limits: Partial<SessionStoreLimits> = {}) {
  const store = new SessionStore({ ...sessionLimits, ...limits });
  const connect = (
    id: string,
    { isClean = false, principalName = owner }: { isClean?: boolean; principalName?: string } = {},
  ): Connected => {
    const outlet = new TestOutlet();
    const session = store.attach({ id, principalName, isClean }, outlet);
    session.resume();
    return { session, outlet, detach: (nowMs = 0) => store.detach(id, outlet, nowMs) };
  };
  return { store, connect };
}

test("a message goes once to every session with a matching filter, at its granted QoS", () => {
  const { store, connect } = createStore();
  const [one, two, other] = [connect("one"), connect("two"), connect("other")];
  store.subscribe(one.session, "a", 0);
  store.subscribe(one.session, "+", 1);
  store.subscribe(two.session, "#", 0);
  store.subscribe(other.session, "b", 1);
  expect([store.hasSubscriber("a"), store.hasSubscriber("$a")]).toEqual([true, false]);
  store.route(message(2, "x"));
  expect(one.outlet.take()).toEqual(['a q1 #1 "x"']);
  expect(two.outlet.take()).toEqual(['a q0 "x"']);
  expect(other.outlet.take()).toEqual([]);
  store.unsubscribe(one.session, "+");
  store.unsubscribe(one.session, "never");
  store.route(message(2, "y"));
  expect(one.outlet.take()).toEqual(['a q0 "y"']);
});

test("a clean session ends with its connection, and nothing of it is left", () => {
  const { store, connect } = createStore();
  const { session, detach } = connect("c", { isClean: true });
  store.subscribe(session, "a", 1);
  detach();
  expect(store.count).toBe(0);
  expect(store.hasSubscriber("a")).toBe(false);
  const again = connect("c", { isClean: true });
  expect(again.session.filters.size).toBe(0);
});

test("a kept session waits for its client, with its filters and messages", () => {
  const { store, connect } = createStore();
  const first = connect("c");
  store.subscribe(first.session, "a", 1);
  first.detach();
  store.route(message(1, "while away"));
  expect(store.findPersistent("c")).toBe(first.session);
  const second = connect("c");
  expect(second.session).toBe(first.session);
  expect(second.outlet.take()).toEqual(['a q1 #1 "while away"']);
});

test("clean session 1 ends a kept session [MQTT-3.1.2-6]", () => {
  const { store, connect } = createStore();
  const kept = connect("c");
  store.subscribe(kept.session, "a", 1);
  kept.detach();
  const clean = connect("c", { isClean: true });
  expect(store.findPersistent("c")).toBeNull();
  store.route(message(1, "x"));
  clean.detach();
  expect(connect("c").outlet.take()).toEqual([]);
});

test("clean session 0 after a clean one begins a new session", () => {
  const { store, connect } = createStore();
  const clean = connect("c", { isClean: true });
  store.subscribe(clean.session, "a", 1);
  const kept = connect("c");
  expect(kept.session).not.toBe(clean.session);
  clean.detach();
  expect(store.get("c")).toBe(kept.session);
  expect(store.hasSubscriber("a")).toBe(false);
});

test.for([false, true])(
  "after a takeover the old connection's end harms nothing, clean %s",
  (isClean) => {
    const { store, connect } = createStore();
    const old = connect("c", { isClean });
    const taker = connect("c", { isClean });
    store.subscribe(taker.session, "a", 1);
    old.detach();
    expect(store.get("c")).toBe(taker.session);
    expect(taker.session.awaySinceMs).toBeNull();
    store.route(message(1, "x"));
    expect(taker.outlet.take()).toEqual(['a q1 #1 "x"']);
    expect(old.outlet.take()).toEqual([]);
  },
);

test("a SUBSCRIBE that ends after its session has ended enters nothing", () => {
  const { store, connect } = createStore();
  const old = connect("c", { isClean: true });
  connect("c", { isClean: true });
  expect(store.subscribe(old.session, "a", 1)).toBe(false);
  expect(store.hasSubscriber("a")).toBe(false);
});

test("filters beyond the limit are not entered, and known ones may be changed", () => {
  const { store, connect } = createStore();
  const { session } = connect("c");
  const entered = ["a", "b", "c", "d", "a"].map((filter) => store.subscribe(session, filter, 1));
  expect(entered).toEqual([true, true, true, false, true]);
  expect(store.hasRoomForFilter(session, "b")).toBe(true);
  expect(store.hasRoomForFilter(session, "d")).toBe(false);
  store.unsubscribe(session, "b");
  expect(store.hasRoomForFilter(session, "d")).toBe(true);
  expect(store.hasRoomForFilter(session, "d", new Set(["e"]))).toBe(false);
  expect(store.hasRoomForFilter(null, "d")).toBe(true);
});

test("a session that is away longer than the limit expires", () => {
  const { store, connect } = createStore();
  connect("early").detach(1000);
  connect("late").detach(2000);
  store.expire(61_000);
  expect(store.count).toBe(2);
  store.expire(61_001);
  expect([store.get("early"), store.count]).toEqual([null, 1]);
  const back = connect("late");
  store.expire(1e9);
  expect(store.get("late")).toBe(back.session);
});

test("coming back and leaving again starts the time anew", () => {
  const { store, connect } = createStore();
  connect("c").detach(0);
  connect("other").detach(10_000);
  connect("c").detach(50_000);
  store.expire(70_001);
  expect([store.get("c") === null, store.get("other") === null]).toEqual([false, true]);
});

test("of one principal's sessions too many, the longest away yields", () => {
  const { store, connect } = createStore();
  connect("b").detach(2000);
  connect("a").detach(3000);
  connect("b").detach(4000);
  connect("c");
  expect(["a", "b", "c"].map((id) => store.get(id) !== null)).toEqual([false, true, true]);
});

test("a session in use never yields, but does as soon as it is away", () => {
  const { store, connect } = createStore();
  const [a] = [connect("a"), connect("b"), connect("c")];
  expect(store.count).toBe(3);
  a?.detach(1);
  expect([store.get("a"), store.count]).toEqual([null, 2]);
});

test("of all principals' sessions too many, the longest away of any yields", () => {
  const { store, connect } = createStore();
  for (const [index, id] of ["p1", "p2", "p3", "p4", "p5"].entries()) {
    connect(id, { principalName: id }).detach(index);
  }
  expect([store.get("p1"), store.count]).toEqual([null, 4]);
  connect("clean", { isClean: true, principalName: "p6" });
  expect(store.get("p2")).not.toBeNull();
});

test("a principal without rights loses its sessions that are away, and nobody else's", () => {
  const { store, connect } = createStore();
  const away = connect("away");
  store.subscribe(away.session, "a", 1);
  away.detach();
  connect("here");
  connect("foreign", { principalName: "sppg-2.probe-1" }).detach();
  store.discardPrincipal(owner);
  store.discardPrincipal("nobody");
  expect(["away", "here", "foreign"].map((id) => store.get(id) !== null)).toEqual([
    false,
    true,
    true,
  ]);
  expect(store.hasSubscriber("a")).toBe(false);
});

test("discarded sessions free their places", () => {
  const { store, connect } = createStore();
  for (let round = 0; round < 10; round++) {
    connect("a").detach(round);
    connect("b").detach(round);
    store.discard("a");
    store.discard("b");
    store.discard("b");
  }
  connect("a").detach(20);
  connect("b").detach(20);
  expect(store.count).toBe(2);
});

test("a message is encoded once for all its QoS 0 subscribers", () => {
  const { store } = createStore();
  const written: Buffer[] = [];
  const outlet = {
    isCongested: false,
    isOnWall: false,
    mayReceive: () => true,
    write: (b: Buffer) => written.push(b),
  };
  for (const id of ["a", "b"]) {
    const session = store.attach({ id, principalName: id, isClean: true }, { ...outlet });
    session.resume();
    store.subscribe(session, "a", 0);
  }
  store.route(message(1, "x"));
  expect(written).toHaveLength(2);
  expect(written[0]).toBe(written[1]);
});

test("a screen on a wall is told what is the matter, not who acted nor what they wrote", () => {
  const { store } = createStore();
  const text = JSON.stringify({
    type: "production_alert",
    data: { alertId: "a1", acknowledgedBy: "ana@example.org", correctiveAction: "thrown away" },
    userId: "ana@example.org",
  });
  const shown = JSON.stringify({
    type: "production_alert",
    data: { alertId: "a1", acknowledgedBy: null, correctiveAction: null },
  });
  const outlets = new Map([
    ["wall-0", new TestOutlet()],
    ["person-0", new TestOutlet()],
    ["wall-1", new TestOutlet()],
  ]);
  for (const [id, outlet] of outlets) {
    outlet.isOnWall = id.startsWith("wall");
    const session = store.attach({ id, principalName: id, isClean: id !== "wall-1" }, outlet);
    session.resume();
    store.subscribe(session, "a", id.endsWith("1") ? 1 : 0);
  }
  const wall = outlets.get("wall-1") ?? new TestOutlet();
  store.route(message(1, text));
  store.detach("wall-1", wall, 0);
  store.route(message(1, text));
  store.attach({ id: "wall-1", principalName: "wall-1", isClean: false }, wall).resume();
  store.route(message(1, "no JSON"));
  const told = (payload: string, marks = "q0"): string => `a ${marks} ${JSON.stringify(payload)}`;
  expect(outlets.get("person-0")?.take()).toEqual([told(text), told(text), told("no JSON")]);
  expect(outlets.get("wall-0")?.take()).toEqual([told(shown), told(shown), told("no JSON")]);
  // What waited while it was away, too.
  expect(wall.take()).toEqual([
    told(shown, "q1 #1"),
    told(shown, "q1 #1 dup"),
    told(shown, "q1 #2"),
    told("no JSON", "q1 #3"),
  ]);
});
