import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, test, type TestContext } from "vitest";
import type { AuditEvent } from "../../../devices/registry/model.ts";
import { Connection } from "../../../broker/edge/connection.ts";
import { devicePrincipal } from "../../../broker/edge/principal.ts";
import { linesPerMinuteMax, Refusals } from "../../../broker/edge/refusals.ts";

function createRefusals(t: TestContext) {
  const events: AuditEvent[] = [];
  const lines: string[] = [];
  const clock = { nowMs: 0 };
  const refusals = new Refusals({
    audit: { write: (event) => events.push(event) },
    log: pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) }),
    clock: { wallMs: () => 1_000_000 + clock.nowMs, monotonicMs: () => clock.nowMs },
  });
  const connection = (address: string, deviceId?: string): Connection => {
    const origin = { address, transport: "tcp", certificateName: null } as const;
    const made = new Connection(new PassThrough(), origin, {
      congestedBytes: 1000,
      congestedBytesOfPerson: 1_000,
      frozen: { frozenMs: 1000, takenBytesMin: 1 },
    });
    t.onTestFinished(() => void made.conn.destroy());
    if (deviceId !== undefined) {
      made.principal = devicePrincipal({ sppgId: "sppg-1", deviceId, codec: null });
    }
    return made;
  };
  return { refusals, events, lines, clock, connection };
}

test("a refusal says who, from where and what, in the log and the audit log", (t) => {
  const { refusals, events, lines, connection } = createRefusals(t);
  refusals.record("publish-topic", connection("203.0.113.7", "probe-1"), "sppg/other");
  refusals.record("credentials", connection("203.0.113.8"), "sppg-1.guess");
  const common = { atMs: 1_000_000, outcome: "refused", detail: { transport: "tcp" } };
  expect(events).toEqual([
    {
      ...common,
      actor: "device:sppg-1.probe-1",
      action: "mqtt.publish-topic",
      sppgId: "sppg-1",
      subject: "sppg/other",
      address: "203.0.113.7",
    },
    {
      ...common,
      actor: "anonymous",
      action: "mqtt.credentials",
      sppgId: null,
      subject: "sppg-1.guess",
      address: "203.0.113.8",
    },
  ]);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 30, refusal: "publish-topic", principal: "sppg-1.probe-1", subject: "sppg/other" },
    { level: 30, refusal: "credentials", principal: null, address: "203.0.113.8" },
  ]);
});

test("each source and kind is written once a minute, and always counted", (t) => {
  const { refusals, events, clock, connection } = createRefusals(t);
  const hostile = connection("203.0.113.7");
  for (const nowMs of [0, 1, 59_999, 60_000, 60_001]) {
    clock.nowMs = nowMs;
    refusals.record("packet-id", hostile);
  }
  expect(events).toHaveLength(2);
  refusals.record("topic-invalid", hostile);
  refusals.record("packet-id", connection("203.0.113.8"));
  expect(events).toHaveLength(4);
  expect([...refusals.counts]).toEqual([
    ["packet-id", 6],
    ["topic-invalid", 1],
  ]);
});

test("a long subject is cut in both logs", (t) => {
  const { refusals, events, lines, connection } = createRefusals(t);
  refusals.record("credentials", connection("203.0.113.7"), "u".repeat(4000));
  expect(events[0]?.subject).toHaveLength(200);
  expect(lines[0]?.length).toBeLessThan(400);
});

test("however many addresses are refused, so many lines a minute are written", (t) => {
  const { refusals, events, clock, connection } = createRefusals(t);
  const hostile = connection("");
  const flood = (): void => {
    for (let host = 0; host < linesPerMinuteMax + 100; host++) {
      hostile.origin.address = `2001:db8::${host}`;
      refusals.record("connect-expected", hostile);
    }
  };
  flood();
  flood();
  expect(events).toHaveLength(linesPerMinuteMax);
  expect(refusals.counts.get("connect-expected")).toBe(2 * (linesPerMinuteMax + 100));
  clock.nowMs = 60_000;
  flood();
  expect(events).toHaveLength(2 * linesPerMinuteMax);
});
