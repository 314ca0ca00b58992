import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { codecFor, parseDeviceTopic, resolveEventTime } from "../../../devices/index.ts";
import { identitiesOf } from "../../../simulators/index.ts";
import { day, hour, midnight, publishes, readingsOf, world } from "./worlds.ts";

const span = {
  seed: fc.integer({ min: 0, max: 1000 }),
  startHour: fc.integer({ min: 0, max: 47 }),
};

test("the same seed gives the same bytes, whatever the steps in which it is played", () => {
  const slices = fc.array(fc.integer({ min: 50, max: 1_500_000 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.record({ ...span, slices }), ({ seed, startHour, slices }) => {
      const fromMs = midnight + startHour * hour;
      const toMs = fromMs + 2 * hour;
      const whole = world({ seed }).events(fromMs, toMs);
      const kitchen = world({ seed });
      const pieces = [];
      for (let at = fromMs, turn = 0; at < toMs; turn += 1) {
        const next = Math.min(toMs, at + (slices[turn % slices.length] ?? 1000));
        pieces.push(...kitchen.events(at, next));
        at = next;
      }
      expect(digest(pieces)).toBe(digest(whole));
    }),
    { numRuns: 6 },
  );
});

test("where a run begins does not change what comes later", () => {
  const late = world().events(midnight + 10 * hour, midnight + 11 * hour);
  const early = world().events(midnight - 20 * hour, midnight + 11 * hour);
  const tail = early.filter(({ timeMs }) => timeMs >= midnight + 10 * hour);
  expect(digest(late)).toBe(digest(tail));
});

test("seeds, kitchens and days differ from each other", () => {
  const at = (options: Parameters<typeof world>[0], fromMs = midnight) =>
    digest(world(options).events(fromMs, fromMs + hour));
  const all = [
    at({ seed: 1 }),
    at({ seed: 2 }),
    at({ sppgId: "sppg-jakarta-002" }),
    at({ seed: 1 }, midnight + day),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test("the day follows the kitchen's own time zone", () => {
  const jakarta = world().day(midnight).cooking("cook-probe-1").batches[0];
  const jayapura = world({ timeZone: "Asia/Jayapura" }).day(midnight - 2 * hour);
  const first = jayapura.cooking("cook-probe-1").batches[0];
  expect(jakarta?.fromMs).toBe(midnight + 20 * 60_000);
  expect(first?.fromMs).toBe(midnight - 2 * hour + 20 * 60_000);
});

test("all that a kitchen sends in a day is read without a reject and with a believed time", () => {
  const sent = publishes(world(), midnight, midnight + day);
  const codec = codecFor("telemetry");
  let count = 0;
  for (const { topicName, payload, timeMs } of sent) {
    const topic = parseDeviceTopic(topicName);
    if (topic === null) throw new Error(topicName);
    const result = codec.decode({
      topicRest: topic.rest,
      payload: Buffer.from(payload),
      receivedTimeMs: timeMs,
      timeZone: "Asia/Jakarta",
    });
    if (!result.ok || result.rejected.length > 0) throw new Error(payload);
    for (const { deviceTimeMs } of result.readings) {
      count += 1;
      expect(resolveEventTime(deviceTimeMs, timeMs).isClockSuspect).toBe(false);
      expect(deviceTimeMs).toBeLessThanOrEqual(timeMs);
    }
  }
  // Below one message a second, as a kitchen's load is.
  expect(count).toBeGreaterThan(50_000);
  expect(sent.length).toBeLessThan(86_400);
});

test("every reading is sent once, an outage's as arrays after it", () => {
  const kitchen = world({ seed: 3 });
  const identities = publishes(kitchen, midnight, midnight + day).flatMap(identitiesOf);
  expect(new Set(identities).size).toBe(identities.length);

  const fixes = readingsOf(kitchen, midnight, midnight + 3 * day).filter(
    ({ deviceId }) => deviceId === "vehicle-1",
  );
  const late = fixes.filter(({ ts, arrivedMs }) => arrivedMs - ts > 100_000);
  expect(late.length).toBeGreaterThan(20);
  for (const { ts } of late) expect(kitchen.isLinked("vehicle-1", ts + 60_000)).toBe(false);
});

test("a device without its network sends nothing until it is back", () => {
  const kitchen = world({ scenario: "gateway-outage" });
  const events = kitchen.events(midnight + 9.9 * hour, midnight + 11 * hour);
  const gateway = events.filter(({ deviceId }) => deviceId === "gateway-1");
  const from = gateway.findIndex(({ kind }) => kind === "disconnect");
  expect(gateway[from]?.timeMs).toBe(midnight + 10 * hour);
  expect(gateway[from + 1]).toMatchObject({
    kind: "connect",
    timeMs: midnight + hour * (10 + 5 / 6),
  });
  const [first] = gateway.slice(from + 2);
  if (first?.kind !== "publish") throw new Error("nothing came after the outage");
  expect(first.topicName).toContain("/gateway-1/");
  expect(identitiesOf(first).length).toBeGreaterThan(45);
});

test("a history holds what the stream of the same time holds, and what it lost", () => {
  const kitchen = world();
  const [fromMs, toMs] = [midnight + 5 * hour, midnight + 11 * hour];
  const history = new Set(kitchen.history(fromMs, toMs).flatMap(identitiesOf));
  const live = publishes(kitchen, fromMs, toMs + hour)
    .flatMap((event) => identitiesOf(event).map((identity) => ({ identity })))
    .filter(({ identity }) => {
      const ts = Number(identity.split("@")[1]);
      return ts >= fromMs && ts < toMs;
    });
  expect(live.filter(({ identity }) => !history.has(identity))).toEqual([]);
  expect(live.length).toBe(history.size);
  // A day of arrays must be few messages.
  expect(kitchen.history(fromMs, toMs).length).toBeLessThan(150);
});

test("a kitchen shows every place, two vehicles, four scales and a gateway with two children", () => {
  const { devices, connections } = world();
  const places = new Set(devices.map(({ place }) => place));
  for (const place of ["cooking", "hotHolding", "coldStore", "freezer", "dryStore"] as const) {
    expect(places).toContain(place);
  }
  expect(devices.filter(({ kind }) => kind === "gps-tracker")).toHaveLength(2);
  expect(devices.filter(({ kind }) => kind === "smart-scale")).toHaveLength(4);
  expect(devices.filter(({ gatewayId }) => gatewayId === "gateway-1")).toHaveLength(2);
  expect(connections).toHaveLength(devices.length - 2);
});

function digest(events: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const event of events) hash.update(JSON.stringify(event));
  return hash.digest("hex");
}
