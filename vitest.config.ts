import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const systemTests = "tests/system/**/*.test.ts";
/** What asks how long it takes until something is there again. */
const aloneTests = [
  "command-line",
  "memory-cap",
  "open-files",
  "partition",
  "redis",
  "redis-journal",
  "restart",
  "roles",
  "roles-redis",
  "stop",
  "storm",
  "sync-fault",
].map((name) => `tests/system/${name}.test.ts`);
/** What reads and writes records runs on both of their engines. */
const recordsTests = [
  "tests/devices/registry/*.test.ts",
  "tests/devices/records/migrations.test.ts",
  "tests/ingest/desk/*.test.ts",
  "tests/dashboard/server/people/*.test.ts",
  "tests/dashboard/server/routes/screens.test.ts",
  "tests/broker/audit-writer.test.ts",
];
const browserTests = "tests/browser/**/*.test.ts";

/**
 * Each takes more than 20 s. Begun last, as a fresh clone would by their sizes, one of them runs
 * alone at the end of its group.
 */
const longFiles = [
  "simulation/simulation",
  "broker/hostile",
  "system/soak",
  "system/influx",
  "system/kill",
  "system/store-away",
  "system/damaged-start",
  "system/scenarios",
  "system/demo",
  "browser/accessibility",
  "browser/devices",
  "browser/fleet",
  "browser/offline",
  "browser/stock",
].map((name) => `/tests/${name}.test.ts`);

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = longFiles.findIndex((name) => moduleId.endsWith(name));
      return rank < 0 ? longFiles.length : rank;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's own, of a sequencer.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    // Two cores, and the system tests start processes of their own.
    maxWorkers: 2,
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: [systemTests, browserTests],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: recordsTests,
          // Looks into files.
          exclude: ["tests/devices/registry/secrets-at-rest.test.ts"],
          globalSetup: "tests/support/postgres-setup.ts",
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: [systemTests],
          exclude: aloneTests,
          // Three at once: they wait for their processes more than they work.
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: aloneTests,
          // One file at a time, after the others: they have deadlines and load the machine.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: [browserTests],
          // Two files at once: a page waits more than it works, and nothing is timed here.
          // The walk over all pages takes 36 s beside another file.
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
