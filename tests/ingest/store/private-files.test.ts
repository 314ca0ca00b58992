import { chmodSync, mkdirSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openStore, storeFolder } from "./open-store.ts";
import { readingAt, startMs, suspectAt } from "./readings.ts";

const modeOf = (file: string) => statSync(file).mode & 0o777;

test("readings are their owner's only, in a folder that was open to all", async (t) => {
  const dataDir = await storeFolder(t);
  chmodSync(dataDir, 0o755);
  const directory = path.join(dataDir, "readings");
  mkdirSync(directory, { mode: 0o755 });
  chmodSync(directory, 0o755);
  const { store } = await openStore(t, { directory });
  await store.write([readingAt(startMs), suspectAt(startMs, startMs - 1)]);
  expect(modeOf(directory)).toBe(0o700);
  const files = readdirSync(directory).filter((name) =>
    statSync(path.join(directory, name)).isFile(),
  );
  expect(files.length).toBeGreaterThanOrEqual(2);
  for (const name of files)
    expect([name, modeOf(path.join(directory, name))]).toEqual([name, 0o600]);
});
