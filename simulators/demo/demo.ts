import { fork } from "node:child_process";
import { once } from "node:events";
import type { RunOptions, RunStats } from "../play/run.ts";
import { SimulatorsError } from "../errors.ts";
import { hourMs } from "../world/kitchen-clock.ts";
import {
  type DemoCredentials,
  demoCredentialsPath,
  readDemoCredentials,
} from "./credentials-file.ts";
import { chooseDemoDay } from "./demo-day.ts";
import { provision, provisionDefaults, type ProvisioningRegistry } from "./provision.ts";

export interface DemoOptions {
  /** Where the secrets are kept, in `demo-credentials.json`. */
  dataDir: string;
  /** Of the broker; a host that only listeners know (0.0.0.0) is reached on loopback. */
  host: string;
  port: number;
  registry: ProvisioningRegistry;
  seed?: number;
  kitchens?: number;
  /** Sent at once as arrays, so that charts are not empty; the second start sends it again. */
  historyHours?: number;
}

/** Simulated kitchens in a process of their own, so that they take nothing from the broker. */
export interface Demo {
  readonly pid: number;
  readonly sppgIds: readonly string[];
  readonly credentials: readonly DemoCredentials[];
  readonly credentialsFile: string;
  stats(): Promise<RunStats>;
  /** Rejects when the process ends by itself; pending for as long as it should. */
  readonly failed: Promise<never>;
  /** Ends the devices with a DISCONNECT, and the process. */
  stop(): Promise<void>;
}

export type DemoRequest =
  | { kind: "start"; options: RunOptions }
  | { kind: "stats" }
  | { kind: "stop" };

export interface DemoReply {
  number: number;
  value?: unknown;
  error?: { message: string };
}

export const demoDefaults = { seed: 1, kitchens: 1, historyHours: 6 } as const;

/** A process that does not end when told to is killed after this time. */
const stopTimeoutMs = 3000;

/** Whether `npm start` shows the demo: nobody has added a kitchen, or it was shown before. */
export async function isDemoDue(
  registry: Pick<ProvisioningRegistry, "listKitchens">,
  dataDir: string,
): Promise<boolean> {
  if ((await registry.listKitchens()).length === 0) return true;
  return (await readDemoCredentials(demoCredentialsPath(dataDir))).length > 0;
}

/** Registers what is missing, starts the process and hands it its kitchens. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { registry, seed = demoDefaults.seed } = options;
  const credentialsFile = demoCredentialsPath(options.dataDir);
  const { kitchens, credentials } = await provision({
    registry,
    file: credentialsFile,
    kitchens: options.kitchens ?? demoDefaults.kitchens,
    seed,
  });
  const nowMs = Date.now();
  const day = await chooseDemoDay({
    dataDir: options.dataDir,
    nowMs,
    timeZone: kitchens[0]?.timeZone ?? provisionDefaults.timeZone,
  });
  const child = startChild();
  try {
    await child.ask({
      kind: "start",
      options: {
        host: reachableHost(options.host),
        port: options.port,
        seed,
        speed: 1,
        kitchens,
        credentials,
        ...day,
        fromMs: nowMs,
        untilMs: null,
        historyMs: (options.historyHours ?? demoDefaults.historyHours) * hourMs,
      },
    });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    pid: child.pid,
    sppgIds: kitchens.map(({ sppgId }) => sppgId),
    credentials,
    credentialsFile,
    failed: child.failed,
    // The child is our own code.
    stats: () => child.ask({ kind: "stats" }) as Promise<RunStats>,
    stop: () => child.stop(),
  };
}

/** The device that the printed line speaks for: its chart is the first of the page. */
const triedDevice = "cook-probe-2";

/** What a start prints of the demo: its kitchens, and one line that works as it stands. */
export function describeDemo(demo: Demo, at: { host: string; port: number }): string {
  const tried = demo.credentials.find(({ deviceId }) => deviceId === triedDevice);
  const lines = [
    `  demo kitchen  ${demo.sppgIds.join(", ")}, simulated; its secrets: ${demo.credentialsFile}`,
    "                its day was begun at 07:00; once an hour a door is left open, and an alert",
    "                opens and closes by itself",
  ];
  if (tried !== undefined) {
    // A client id of its own: the simulated device stays signed in beside it.
    lines.push(
      "  a reading     in a second terminal (Debian: mosquitto-clients):",
      `mosquitto_pub -h ${reachableHost(at.host)} -p ${at.port} -q 1 -i try -u ${tried.username} ` +
        `-P '${tried.password}' -t ${tried.topic} -m '{"celsius":74.5}'`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** A host that only listeners know is reached on loopback. */
function reachableHost(host: string): string {
  return ["0.0.0.0", "::", "[::]"].includes(host) ? "127.0.0.1" : host;
}

interface DemoChild {
  pid: number;
  failed: Promise<never>;
  ask(request: DemoRequest): Promise<unknown>;
  stop(): Promise<void>;
}

function startChild(): DemoChild {
  const forked = fork(new URL("./demo-child.ts", import.meta.url), {
    serialization: "advanced",
    execArgv: [],
  });
  const exited = once(forked, "exit");
  const pending = new Map<number, (reply: DemoReply) => void>();
  let lastNumber = 0;
  let stopping: Promise<void> | null = null;
  const failed = new Promise<never>((_resolve, reject) => {
    forked.on("exit", (code, signal) => {
      const message = `the demo's process has ended (code ${code}, signal ${signal})`;
      for (const [number, resolve] of pending) resolve({ number, error: { message } });
      pending.clear();
      if (stopping === null) reject(new SimulatorsError("SIMULATORS_DEMO_ENDED", message));
    });
  });
  // Whoever wants to know awaits it; a demo that nobody watches must not end its host.
  failed.catch(() => undefined);
  forked.on("message", (reply: DemoReply) => {
    pending.get(reply.number)?.(reply);
    pending.delete(reply.number);
  });
  const ask = async (request: DemoRequest): Promise<unknown> => {
    lastNumber += 1;
    const number = lastNumber;
    const { promise, resolve } = Promise.withResolvers<DemoReply>();
    pending.set(number, resolve);
    forked.send({ number, request }, (error) => {
      if (error !== null) resolve({ number, error: { message: error.message } });
    });
    const { error, value } = await promise;
    if (error !== undefined) throw new SimulatorsError("SIMULATORS_DEMO_ENDED", error.message);
    return value;
  };
  const stopOnce = async (): Promise<void> => {
    if (forked.exitCode !== null || forked.signalCode !== null) return;
    const timer = setTimeout(() => forked.kill("SIGKILL"), stopTimeoutMs);
    if (forked.connected) forked.send({ number: 0, request: { kind: "stop" } });
    await exited;
    clearTimeout(timer);
  };
  return {
    pid: forked.pid ?? -1,
    failed,
    ask,
    stop() {
      stopping ??= stopOnce();
      return stopping;
    },
  };
}
