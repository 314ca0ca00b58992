import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess } from "../../simulators/index.ts";
import { holdStore } from "../support/held-store.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { serverNames, type ServerName, type Servers } from "./servers.ts";
import type { Site } from "./site.ts";
import type { WallClock } from "./wall-clock.ts";

/** What a soak can break. */
export interface SoakSite {
  site: Site;
  servers: Servers | null;
  /** One before each server. */
  proxies: Partial<Record<ServerName, TcpProxy>>;
  /** `null`: libfaketime is not there. */
  clock: WallClock | null;
}

export interface SoakFault {
  name: string;
  /** Lasts so long, and leaves everything able to recover by itself. */
  run(durationMs: number): Promise<void>;
}

const slowAnswerMs = 400;
/** Less than the week that a reading's time is believed, with the signals' six days. */
const clockSteps = ["-2h", "+20h"] as const;
const stormLogins = 200;

/**
 * All of them, each as likely as the others.
 * @param isOneLife without those that end serve: its memory can be watched for longer
 */
export function soakFaults(soak: SoakSite, isOneLife: boolean): SoakFault[] {
  const { servers, clock } = soak;
  const ofServers =
    servers === null ? embeddedFaults(soak) : serverNames.flatMap(serverFaults(soak));
  const steps = clock === null ? [] : clockFaults(clock);
  const endings = isOneLife ? [] : endingFaults(soak);
  return [...endings, ...ownFaults(soak), ...ofServers, ...steps];
}

function endingFaults({ site }: SoakSite): SoakFault[] {
  return [
    {
      name: "kill -9 of serve",
      async run() {
        await site.nadi.kill();
        await site.startAgain();
      },
    },
    {
      name: "SIGTERM and a new serve",
      async run() {
        const { code } = await site.nadi.stop();
        if (code !== 0) throw new Error(`serve ended with ${code}: ${site.nadi.stderr()}`);
        await site.startAgain();
      },
    },
  ];
}

function ownFaults({ site }: SoakSite): SoakFault[] {
  return [
    {
      name: "SIGSTOP of serve",
      async run(durationMs) {
        site.nadi.signal("SIGSTOP");
        await delay(durationMs);
        site.nadi.signal("SIGCONT");
      },
    },
    { name: `storm of ${stormLogins} logins`, run: (durationMs) => storm(site, durationMs) },
  ];
}

/** All of them connect at once, publish, and are gone without a word, again and again. */
async function storm(site: Site, durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs;
  do {
    const crowd = await startLoadProcess({
      port: site.port,
      devices: site.idle.slice(0, stormLogins),
      pace: { kind: "idle" },
      connectsAtOnce: stormLogins,
      reconnect: { minMs: 20, maxMs: 200 },
    });
    crowd.kill();
  } while (performance.now() < endMs);
}

function embeddedFaults({ site }: SoakSite): SoakFault[] {
  return [
    {
      name: "another process holds the store",
      async run(durationMs) {
        const giveBack = holdStore(site.dataDir, durationMs);
        await delay(durationMs);
        giveBack();
      },
    },
  ];
}

function serverFaults({ servers, proxies }: SoakSite): (name: ServerName) => SoakFault[] {
  return (name) => {
    const server = servers?.breakable[name];
    const proxy = proxies[name];
    if (server === undefined || proxy === undefined) return [];
    const lasting = (what: string, begin: () => unknown, end: () => unknown): SoakFault => ({
      name: `${what} ${name}`,
      async run(durationMs) {
        await begin();
        await delay(durationMs);
        await end();
      },
    });
    const slow = () => proxy.delayMs(slowAnswerMs);
    const faults = [
      lasting(
        "kill -9 of",
        () => server.kill(),
        () => server.start(),
      ),
      lasting(
        "SIGSTOP of",
        () => server.freeze(),
        () => server.thaw(),
      ),
      lasting(
        "cut connections to",
        () => proxy.cut(),
        () => proxy.mend(),
      ),
      lasting(
        "no byte passes to",
        () => proxy.silence(),
        () => proxy.mend(),
      ),
      lasting(`${slowAnswerMs} ms later answers`, slow, () => proxy.delayMs(0)),
    ];
    const flush = {
      name: "FLUSHALL",
      run: async () => void (await servers?.redis.cli("flushall")),
    };
    return name === "redis" ? [...faults, flush] : faults;
  };
}

function clockFaults(clock: WallClock): SoakFault[] {
  const lasting = (name: string, begin: () => void): SoakFault => ({
    name,
    async run(durationMs) {
      begin();
      await delay(durationMs);
      clock.set("+0");
    },
  });
  return [
    ...clockSteps.map((offset) => lasting(`wall clock ${offset}`, () => clock.set(offset))),
    lasting("wall clock frozen", () => clock.freeze()),
  ];
}
