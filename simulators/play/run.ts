import type { KitchenTimeZone } from "../../devices/index.ts";
import type { AckedMessage } from "../device/ack-log.ts";
import type { DeviceCredentials } from "../device/device-client.ts";
import { Fleet, type FleetStats } from "../device/fleet.ts";
import { SimulatorsError } from "../errors.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { createKitchenWorld, type KitchenWorld } from "../world/kitchen-world.ts";
import type { Schedule } from "./schedule.ts";
import { startSimulation } from "./simulation.ts";

export interface RunOptions extends Schedule {
  host: string;
  port: number;
  seed: number;
  speed: number;
  kitchens: readonly { sppgId: string; timeZone: KitchenTimeZone }[];
  /** Devices without credentials stay silent, as revoked ones do. */
  credentials: readonly DeviceCredentials[];
  scenario: Scenario | null;
  historyMs?: number;
  onAcked?: (message: AckedMessage) => void;
}

export interface RunStats extends FleetStats {
  kitchens: number;
  simulatedMs: number;
}

/** Kitchens that run: their worlds, their devices, and the time. */
export interface Run {
  readonly worlds: readonly KitchenWorld[];
  stats(): RunStats;
  /** Resolves when the first device is signed in; rejects when none is after `timeoutMs`. */
  connected(timeoutMs: number): Promise<void>;
  /** Resolves when simulated time has reached its end. */
  finished: Promise<void>;
  /** Waits until nothing is owed; `false`: something still is after `timeoutMs`. */
  drained(timeoutMs: number): Promise<boolean>;
  /** Resolves when statistics fit. */
  until(fits: (stats: RunStats) => boolean): Promise<void>;
  /** Ends: waits `drainMs` for what is in flight. */
  stop(drainMs?: number): Promise<RunStats>;
}

export function startRun(options: RunOptions): Run {
  const { host, port, seed, speed, scenario, fromMs, untilMs, clockShiftMs } = options;
  const worlds = options.kitchens.map(({ sppgId, timeZone }) =>
    createKitchenWorld({ seed, sppgId, timeZone, scenario, clockShiftMs }),
  );
  const signsIn = new Set(
    worlds.flatMap(({ sppgId, connections }) => connections.map((id) => `${sppgId}.${id}`)),
  );
  const fleet = new Fleet({
    host,
    port,
    seed,
    devices: options.credentials.filter(({ clientId }) => signsIn.has(clientId)),
    ...(options.onAcked === undefined ? {} : { onAcked: options.onAcked }),
  });
  fleet.start();
  const historyMs = options.historyMs ?? 0;
  const play = startSimulation({ worlds, fleet, speed, fromMs, untilMs, historyMs });
  const stats = (): RunStats => ({
    ...fleet.stats(),
    kitchens: worlds.length,
    simulatedMs: play.simulatedMs(),
  });
  return {
    worlds,
    stats,
    finished: play.finished,
    until: (fits) => fleet.until(() => fits(stats())),
    async connected(timeoutMs) {
      const isConnected = await inTime(
        fleet.until(({ connects }) => connects > 0),
        timeoutMs,
      );
      if (!isConnected) throw notConnected(options, fleet.stats());
    },
    drained: (timeoutMs) =>
      inTime(
        fleet.until(({ pending }) => pending === 0),
        timeoutMs,
      ),
    async stop(drainMs) {
      play.stop();
      await fleet.stop(drainMs);
      return stats();
    },
  };
}

async function inTime(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), timeoutMs);
  const isInTime = await Promise.race([work.then(() => true), late.promise]);
  clearTimeout(timer);
  return isInTime;
}

function notConnected({ host, port }: RunOptions, { refused }: FleetStats): SimulatorsError {
  if (refused > 0) {
    return new SimulatorsError(
      "SIMULATORS_LOGIN_REFUSED",
      `The broker at ${host}:${port} refuses these devices: is it the one whose data folder ` +
        "they were registered in?",
    );
  }
  return new SimulatorsError(
    "SIMULATORS_BROKER_UNAVAILABLE",
    `No broker answers at ${host}:${port}: start "nadi serve", or name it by --host and --port.`,
  );
}
