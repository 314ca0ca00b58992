import { type ReadingName, telemetryTopic } from "../../devices/index.ts";
import { minuteMs, spanAt } from "./kitchen-clock.ts";
import type { LinkEvent, PublishEvent, Sampling, Sensor, SimulatedDevice } from "./model.ts";
import type { Outage } from "./outages.ts";
import { batteryOf } from "./sensors.ts";
import { seedOf, unitAt } from "./seeded.ts";

export interface StreamContext {
  seed: number;
  sppgId: string;
  /** The connection: its own device, or a gateway. */
  device: SimulatedDevice;
  /** What goes through it. */
  sensors: readonly Sensor[];
  /** Of the connection, on the day of a moment and every day that the span touches. */
  outagesBetween(fromMs: number, toMs: number): readonly Outage[];
}

/** Readings in one array of a backlog: some 10 KB. */
const backlogItemsMax = 200;
/** A device that is back signs in first, then sends its arrays one after the other. */
const backlogAfterMs = 1500;
const backlogStepMs = 250;
const backlogArraysMax = 240;
/** Of the readings, one in 500 is lost between sensor and device. */
const lostShare = 1 / 500;

/** Sample times swing by this share of the interval: no device's timer is exact. */
const jitterShare = 0.03;

interface Delays {
  usualMs: readonly [low: number, high: number];
  /** This share comes later still, and so after a newer one. */
  strayShare: number;
  strayMsMax: number;
}

/** From a wire or the kitchen's own radio; and from mobile data, as trackers are known to. */
const kitchenDelays: Delays = { usualMs: [30, 250], strayShare: 0, strayMsMax: 250 };
const mobileDelays: Delays = { usualMs: [800, 4000], strayShare: 0.005, strayMsMax: 55_000 };

export interface DeviceStream {
  publishes(fromMs: number, toMs: number): PublishEvent[];
  links(fromMs: number, toMs: number): LinkEvent[];
  /** All that was measured in the span, as arrays that leave at its end. */
  history(fromMs: number, toMs: number): PublishEvent[];
}

/** What leaves a connection, and when. Any span can be asked for: it is always the same. */
export function createDeviceStream(context: StreamContext): DeviceStream {
  const { device } = context;
  const isMobile = device.place === "vehicle" || device.place === "deliveryBox";
  const delays = isMobile ? mobileDelays : kitchenDelays;
  const sources = context.sensors.map((sensor) => createSource(context, sensor, delays));
  return {
    publishes(fromMs, toMs) {
      const outages = context.outagesBetween(fromMs - delays.strayMsMax, toMs);
      const live = sources.flatMap((source) =>
        source
          .samples(fromMs - delays.strayMsMax, toMs)
          .filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs)
          .filter(({ sampling, sentMs }) => isFree(outages, sampling, sentMs))
          .flatMap(({ sampling, sentMs }) =>
            source.items(sampling).map(({ topicName, item }) =>
              publish(context, {
                timeMs: sentMs,
                topicName,
                payload: JSON.stringify(item),
              }),
            ),
          ),
      );
      return [...live, ...backlogs(context, sources, { fromMs, toMs })];
    },
    links(fromMs, toMs) {
      const { deviceId } = device;
      return context.outagesBetween(fromMs, toMs).flatMap((outage) => {
        const links: LinkEvent[] = [
          { kind: "disconnect", timeMs: outage.fromMs, deviceId },
          { kind: "connect", timeMs: outage.toMs, deviceId },
        ];
        return links.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
      });
    },
    history(fromMs, toMs) {
      const cuts = context.outagesBetween(fromMs, toMs).filter(({ isPowerCut }) => isPowerCut);
      return arraysOf(sources, (source) =>
        source
          .samples(fromMs, toMs)
          .map(({ sampling }) => sampling)
          .filter(({ timeMs }) => spanAt(cuts, timeMs) === undefined),
      ).map((message) => publish(context, { ...message, timeMs: toMs }));
    },
  };
}

interface Item {
  topicName: string;
  item: Readonly<Record<string, number>>;
}

interface Source {
  /** In `[fromMs, toMs)` by the time of the sample. */
  samples(fromMs: number, toMs: number): { sampling: Sampling; sentMs: number }[];
  items(sampling: Sampling): Item[];
}

function createSource(context: StreamContext, sensor: Sensor, delays: Delays): Source {
  const { sppgId, device } = context;
  const { deviceId, intervalSeconds } = sensor.device;
  const seed = seedOf(context.seed, sppgId, deviceId, "stream");
  const delaySeed = seedOf(seed, "delay");
  const lostSeed = seedOf(seed, "lost");
  const intervalMs = intervalSeconds * 1000;
  const phaseMs = unitAt(seedOf(seed, "phase"), 0) * intervalMs;
  const childId = sensor.device.gatewayId === null ? {} : { childId: deviceId };
  const ids = { sppgId, deviceId: device.deviceId, ...childId };
  const topics = new Map<ReadingName, string>(
    sensor.device.readings.map((reading) => [reading, telemetryTopic(ids, reading)]),
  );
  const timeOf = (index: number): number => {
    const swing = (unitAt(seed, index) * 2 - 1) * jitterShare * intervalMs;
    return Math.round(index * intervalMs + phaseMs + swing);
  };
  const delayOf = (index: number): number => {
    const [low, high] = delays.usualMs;
    const share = unitAt(delaySeed, index);
    const isStray = share < delays.strayShare;
    const spread = isStray ? share / delays.strayShare : share;
    const top = isStray ? delays.strayMsMax : high;
    return Math.round(low + (top - low) * spread);
  };
  return {
    samples(fromMs, toMs) {
      const found: { sampling: Sampling; sentMs: number }[] = [];
      const first = Math.floor((fromMs - phaseMs) / intervalMs) - 1;
      const last = Math.ceil((toMs - phaseMs) / intervalMs) + 1;
      for (let index = first; index <= last; index += 1) {
        const timeMs = timeOf(index);
        if (timeMs < fromMs || timeMs >= toMs || unitAt(lostSeed, index) < lostShare) continue;
        found.push({ sampling: { timeMs, index }, sentMs: timeMs + delayOf(index) });
      }
      const changes = sensor.changes?.(fromMs, toMs) ?? [];
      if (changes.length === 0) return found;
      for (const timeMs of changes) {
        const index = Math.floor(timeMs / 1000);
        found.push({ sampling: { timeMs, index }, sentMs: timeMs + delayOf(index) });
      }
      // A device keeps its backlog in the order in which it measured.
      return found.toSorted((a, b) => a.sampling.timeMs - b.sampling.timeMs);
    },
    items: (sampling) => {
      const batteryPct = batteryOf(sensor.device, context.seed, sampling);
      return sensor.measure(sampling).map(({ reading, fields }) => ({
        topicName: topics.get(reading) ?? "",
        item: { ts: sampling.timeMs, ...fields, ...(batteryPct === null ? {} : { batteryPct }) },
      }));
    },
  };
}

/** Measured with power, and sent with a network. */
function isFree(outages: readonly Outage[], { timeMs }: Sampling, sentMs: number): boolean {
  const measuring = spanAt(outages, timeMs);
  return !(measuring?.isPowerCut ?? false) && spanAt(outages, sentMs) === undefined;
}

/** What was measured without a network leaves once it is back. */
function backlogs(
  context: StreamContext,
  sources: readonly Source[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): PublishEvent[] {
  const longestMs = backlogAfterMs + backlogArraysMax * backlogStepMs;
  return context
    .outagesBetween(fromMs - longestMs, toMs)
    .filter((outage) => !outage.isPowerCut)
    .filter((outage) => outage.toMs + backlogAfterMs < toMs && outage.toMs + longestMs >= fromMs)
    .flatMap((outage) => {
      const arrays = arraysOf(sources, (source) =>
        source
          .samples(outage.fromMs - minuteMs, outage.toMs)
          .filter(({ sentMs }) => spanAt([outage], sentMs) !== undefined)
          .map(({ sampling }) => sampling),
      );
      return arrays.map((message, at) => {
        const step = Math.min(at, backlogArraysMax - 1);
        const timeMs = outage.toMs + backlogAfterMs + step * backlogStepMs;
        return publish(context, { ...message, timeMs });
      });
    })
    .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
}

function arraysOf(
  sources: readonly Source[],
  pick: (source: Source) => readonly Sampling[],
): { topicName: string; payload: string }[] {
  return sources.flatMap((source) => {
    const found = pick(source).flatMap((sampling) => source.items(sampling));
    const byTopic = Map.groupBy(found, ({ topicName }) => topicName);
    return [...byTopic].flatMap(([topicName, items]) => {
      const arrays: { topicName: string; payload: string }[] = [];
      for (let at = 0; at < items.length; at += backlogItemsMax) {
        const part = items.slice(at, at + backlogItemsMax).map(({ item }) => item);
        arrays.push({ topicName, payload: JSON.stringify(part) });
      }
      return arrays;
    });
  });
}

function publish(
  { device }: StreamContext,
  message: { timeMs: number; topicName: string; payload: string },
): PublishEvent {
  return { kind: "publish", deviceId: device.deviceId, qos: 1, ...message };
}
