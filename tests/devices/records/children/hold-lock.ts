import { setImmediate as nextTurn } from "node:timers/promises";
import { acquireDataLock } from "../../../../devices/records/data-lock.ts";

// Holds the lock until it is killed or its stdin ends. It keeps nothing of what it was given and
// collects garbage first: an owner that lost its lock that way would be two owners.
const [dataDir = ""] = process.argv.slice(2);
acquireDataLock(dataDir);
if (globalThis.gc === undefined) throw new Error("start it with --expose-gc");
for (let round = 0; round < 3; round += 1) {
  await nextTurn();
  globalThis.gc();
}
process.stdout.write("held\n");
process.stdin.resume();
