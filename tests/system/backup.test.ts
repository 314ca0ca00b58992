import { expect, test } from "vitest";
import { runBackupRounds } from "./backup.ts";
import { faultsOf } from "./backup-report.ts";

const rounds = 4;
const seed = 20_261_201;

test("what is restored is what was acknowledged up to the stated offset", async (t) => {
  const report = await runBackupRounds({ scope: t, rounds, seed });

  expect(faultsOf(report), `seed ${seed}`).toEqual([]);
  // That there was something to lose and to repeat, and that something was killed.
  expect(report.backups.length).toBeGreaterThanOrEqual(3);
  expect(report.backups.at(-1)?.rows).toBeGreaterThan(1_000);
  expect(report.servesKilled).toBe(1);
}, 300_000);
