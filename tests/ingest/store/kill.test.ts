import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { batchOf } from "./batches.ts";
import { storeFolder } from "./open-store.ts";
import { countRaw, findWrongMinutes } from "./recount.ts";

const kills = 6;

/** Writes until it has said so many batches and a little more; the last one that it said. */
async function writeAndKill(directory: string, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const script = fileURLToPath(new URL("./store-writer.ts", import.meta.url));
  const child = spawn(process.execPath, [script, directory, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const batches = 3 + Math.floor(random() * 30);
  let last = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === batches) {
      // Anywhere within the next batch.
      const untilMs = performance.now() + random() * 12;
      while (performance.now() < untilMs);
      child.kill("SIGKILL");
    }
  }
  await exit;
  return last;
}

test("a writer killed at any moment has kept what it wrote, and a replay makes it whole", async (t) => {
  for (let seed = 1; seed <= kills; seed += 1) {
    const directory = await storeFolder(t);
    const last = await writeAndKill(directory, seed);
    expect(findWrongMinutes(directory), `seed ${seed} after the kill`).toEqual([]);
    const store = openSqliteStore({ directory });
    for (let batch = 0; batch <= last; batch += 1) {
      const readings = batchOf(seed, batch);
      const outcome = await store.write(readings);
      const kept = { stored: 0, duplicates: readings.length, collisions: 0, rejected: [] };
      expect(outcome, `seed ${seed}, batch ${batch}`).toEqual(kept);
    }
    const more = batchOf(seed, last + 1);
    expect((await store.write(more)).collisions, `seed ${seed}`).toBe(0);
    expect((await store.write(batchOf(seed, last + 40))).stored).toBe(more.length);
    await store.close();
    expect(findWrongMinutes(directory), `seed ${seed} after the replay`).toEqual([]);
    // It may have written a batch or more that it had no time to say.
    expect(countRaw(directory) % more.length, `seed ${seed}`).toBe(0);
  }
}, 120_000);
