import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Logger } from "pino";
import { runService, StopStack, UsageError } from "../devices/index.ts";
import { createBroker } from "./broker.ts";
import type { BrokerConfig } from "./config.ts";
import { brokerError } from "./errors.ts";
import type { JournalConfig } from "./journal/config.ts";
import type { EdgeClock } from "./edge/limits.ts";
import { openServedJournal } from "./open-journal.ts";
import { noLogins } from "./ports.ts";

export interface ConformanceOptions {
  broker: BrokerConfig;
  journal: JournalConfig;
  dataDir: string;
  /** How many kitchens the data folder has: it must be none, and stay so. */
  countKitchens(): Promise<number>;
  crashPointSetting: string | undefined;
  log: Logger;
  clock: EdgeClock;
  signal: AbortSignal;
}

/**
 * For MQTT test suites from outside: the same gate, pump, sessions and journal, but anonymous and
 * with free topics. Loopback only, on a journal of its own, never beside stored kitchens.
 */
export async function serveConformance(options: ConformanceOptions): Promise<number> {
  await refuseWhereItHarms(options);
  const { log } = options;
  log.warn("CONFORMANCE RUN: anonymous, free topics, no kitchen; for MQTT test suites only");
  const stack = new StopStack();
  const parentDir = await mkdtemp(path.join(tmpdir(), "nadi-conformance-"));
  stack.push(() => rm(parentDir, { recursive: true }));
  return runService({
    log,
    signal: options.signal,
    stack,
    async start() {
      const { crashPointSetting, journal: config } = options;
      const broker = createBroker({
        config: options.broker,
        journal: await openServedJournal({ config, parentDir, crashPointSetting, log, stack }),
        logins: noLogins,
        audit: { write: () => undefined },
        log: log.child({ component: "broker" }),
        clock: options.clock,
        isConformance: true,
      });
      stack.push(() => broker.stop());
      await broker.start();
      return { failed: watchKitchens(options, stack), beforeStop: () => broker.stopAccepting() };
    },
  });
}

/** Rejects when somebody has added a kitchen: its people must not believe that it is served. */
function watchKitchens(options: ConformanceOptions, stack: StopStack): Promise<never> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const look = async (): Promise<void> => {
    if ((await options.countKitchens()) === 0) return;
    const message = `A kitchen was added to ${options.dataDir}: a conformance run ends beside it.`;
    throw brokerError("BROKER_CONFORMANCE_ENDED", { message });
  };
  const timer = setInterval(() => void look().catch(reject), kitchensLookMs);
  stack.push(() => clearInterval(timer));
  return failed;
}

/** As soon as a running `serve` would know of it. */
const kitchensLookMs = 500;

async function refuseWhereItHarms(options: ConformanceOptions): Promise<void> {
  const { broker, dataDir } = options;
  const { NADI_MQTT_HOST: host } = broker;
  if (!["127.0.0.1", "::1", "localhost"].includes(host)) {
    throw new UsageError(`--conformance lets anybody in: NADI_MQTT_HOST must not be ${host}.`);
  }
  const kitchenCount = await options.countKitchens();
  if (kitchenCount > 0) {
    throw new UsageError(
      `--conformance never runs beside stored kitchens: ${dataDir} has ${kitchenCount}. ` +
        "Set NADI_DATA_DIR to an empty folder.",
    );
  }
}
