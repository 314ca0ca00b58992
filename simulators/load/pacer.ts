import { nowUs, type LoadConnection } from "./connection.ts";
import type { LoadPace } from "./load.ts";

/** How often an open loop looks what has fallen due. */
const tickMs = 1;

export interface Pacer {
  /** Replaces the pace; what was due under the old one and not sent is forgotten. */
  start: (pace: LoadPace) => void;
  stop(): void;
}

export function createPacer(connections: readonly LoadConnection[]): Pacer {
  let timer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearInterval(timer);
    for (const connection of connections) connection.pause();
  };

  const runRate = (perSecond: number): void => {
    const startUs = nowUs();
    const stepUs = 1_000_000 / perSecond;
    const count = connections.length;
    // Message k of the whole load is due at k steps and goes to connection k modulo their number.
    connections.forEach((connection, index) => {
      connection.runSchedule((n) => startUs + (n * count + index) * stepUs);
    });
    let offered = 0;
    timer = setInterval(() => {
      const dueCount = Math.floor((nowUs() - startUs) / stepUs) + 1;
      // After a long stall each connection gets its whole share in one call.
      const rounds = Math.floor((dueCount - offered) / count);
      if (rounds > 0) {
        for (const connection of connections) connection.offer(rounds);
        offered += rounds * count;
      }
      for (; offered < dueCount; offered += 1) connections[offered % count]?.offer(1);
    }, tickMs);
  };

  return {
    stop,
    start(pace) {
      stop();
      switch (pace.kind) {
        case "full":
          for (const connection of connections) connection.runFullSpeed();
          break;
        case "rate":
          runRate(pace.perSecond);
          break;
        case "idle":
          break;
      }
    },
  };
}
