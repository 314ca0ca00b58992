import type { Fleet } from "../device/fleet.ts";
import { minuteMs } from "../world/kitchen-clock.ts";
import type { KitchenWorld } from "../world/kitchen-world.ts";

export interface SimulationOptions {
  worlds: readonly KitchenWorld[];
  fleet: Fleet;
  /** Simulated time runs so many times as fast as the wall clock while it lies behind it. */
  speed: number;
  /** Where simulated time begins; never ahead of the wall clock. */
  fromMs: number;
  /** Where it ends by itself; `null`: it goes on until stopped. */
  untilMs: number | null;
  /** Sent first: what was measured in this time before `fromMs`, as arrays. */
  historyMs?: number;
  /** For tests; default: the wall clock. */
  wallMs?: () => number;
}

export interface Simulation {
  /** How far simulated time is. */
  simulatedMs(): number;
  /** Resolves when `untilMs` is reached and everything was handed to the outboxes. */
  finished: Promise<void>;
  stop(): void;
}

const tickMs = 100;
/** What one tick may compute: the connections live on the same loop. */
const tickBudgetMs = 25;
/** Of a kitchen at once, in simulated time. */
const sliceMsMax = 10 * minuteMs;
/** While so many messages a device wait for their PUBACK the replay stands still. */
const pendingPerDeviceMax = 50;
/** Many kitchens take turns: each is asked for at least so much time at once, for each of them. */
const sliceMsMin = { perKitchen: 3, most: 2000 } as const;

/**
 * Plays worlds through a fleet. Event times never pass the wall clock, which devices' clocks would
 * not either: a replay runs at `speed` until it has caught up with now, and goes on at 1. It waits
 * for a broker that is slower than the replay; live, the outboxes decide.
 */
export function startSimulation(options: SimulationOptions): Simulation {
  const { worlds, fleet, speed, fromMs, untilMs } = options;
  const wallMs = options.wallMs ?? (() => Date.now());
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const reachedMs = worlds.map(() => fromMs);
  let simulatedMs = fromMs;
  let tickedMs = wallMs();
  let turn = 0;

  const advance = (): void => {
    const nowMs = wallMs();
    const elapsedMs = nowMs - tickedMs;
    tickedMs = nowMs;
    const isReplaying = nowMs - simulatedMs > minuteMs;
    if (isReplaying && isBrokerBehind(fleet)) return;
    const targetMs = Math.min(nowMs, simulatedMs + elapsedMs * speed, untilMs ?? Infinity);
    simulatedMs = Math.max(simulatedMs, Math.floor(targetMs));
    const endMs = performance.now() + tickBudgetMs;
    for (let visited = 0; visited < worlds.length; visited += 1) {
      const at = turn % worlds.length;
      turn += 1;
      playUpTo(at);
      if (performance.now() > endMs) break;
    }
    if (untilMs !== null && reachedMs.every((reached) => reached >= untilMs)) {
      clearInterval(timer);
      finish();
    }
  };

  const playUpTo = (at: number): void => {
    const world = worlds[at];
    const beginMs = reachedMs[at] ?? simulatedMs;
    const endMs = Math.min(simulatedMs, beginMs + sliceMsMax);
    const leastMs = Math.min(sliceMsMin.most, worlds.length * sliceMsMin.perKitchen);
    const isDue = endMs - beginMs >= leastMs || endMs === untilMs;
    if (world === undefined || endMs <= beginMs || !isDue) return;
    reachedMs[at] = endMs;
    for (const event of world.events(beginMs, endMs)) {
      const ids = { sppgId: world.sppgId, deviceId: event.deviceId };
      if (event.kind === "publish") fleet.publish(ids, event);
      else fleet.setLinked(ids, event.kind === "connect");
    }
  };

  for (const world of worlds) {
    const historyMs = options.historyMs ?? 0;
    for (const event of historyMs === 0 ? [] : world.history(fromMs - historyMs, fromMs)) {
      fleet.publish({ sppgId: world.sppgId, deviceId: event.deviceId }, event);
    }
  }
  for (const world of worlds) {
    const { sppgId, connections } = world;
    for (const deviceId of connections) {
      if (!world.isLinked(deviceId, fromMs)) fleet.setLinked({ sppgId, deviceId }, false);
    }
  }
  const timer = setInterval(advance, tickMs);
  return {
    simulatedMs: () => simulatedMs,
    finished,
    stop() {
      clearInterval(timer);
      finish();
    },
  };
}

/** Devices that nobody lets in do not count: a replay would wait for them for ever. */
function isBrokerBehind(fleet: Fleet): boolean {
  const { live, pendingLive } = fleet.stats();
  return live === 0 || pendingLive > pendingPerDeviceMax * live;
}
