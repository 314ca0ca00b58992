import fc from "fast-check";
import { expect, test } from "vitest";
import { ModelDisk, seededRandom, systemError } from "./model-disk.ts";
import { JournalOracle } from "./oracle.ts";
import { regressions } from "./model-regressions.ts";

/** One step of a random life. Exported shape: failing runs are saved in `model-regressions.ts`. */
type Step =
  | { do: "append"; count: number }
  | { do: "settle" }
  | { do: "check" }
  | { do: "cursor"; fraction: number }
  | { do: "startCursor" }
  | { do: "tick"; microtasks: number }
  | { do: "failSync" }
  | { do: "failWrite" }
  | { do: "failSome"; changes: number; seed: number }
  | { do: "breakDisk" }
  | { do: "startInVain"; times: number; seed: number }
  | { do: "kill" }
  | { do: "cutPower"; seed: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("append"), count: fc.nat({ max: 9 }) }) },
  { weight: 4, arbitrary: fc.constant({ do: "settle" }) },
  { weight: 2, arbitrary: fc.constant({ do: "check" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("cursor"),
      fraction: fc.constantFrom(0, 0.3, 0.5, 0.9, 1),
    }),
  },
  // Stops in the middle of a write, a sync or a commit, where a crash is most interesting.
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("tick"), microtasks: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "startCursor" }) },
  { weight: 1, arbitrary: fc.constant({ do: "failSync" }) },
  { weight: 1, arbitrary: fc.constant({ do: "failWrite" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("failSome"),
      changes: fc.integer({ min: 2, max: 20 }),
      seed: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "breakDisk" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("startInVain"),
      times: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "kill" }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cutPower"), seed: fc.nat() }) },
) as fc.Arbitrary<Step>;

function failOnce(disk: ModelDisk, name: string): void {
  disk.fault = (call) => {
    if (call.name !== name || !call.path.endsWith(".seg")) return null;
    disk.fault = () => null;
    return systemError("EIO");
  };
}

/** Until the next start: no file takes anything any more. */
function failEverySync(disk: ModelDisk): void {
  disk.fault = ({ name, path }) =>
    name === "dataSync" && path.endsWith(".seg") ? systemError("EIO") : null;
}

async function live(oracle: JournalOracle, steps: readonly Step[]): Promise<string[]> {
  await oracle.open();
  for (const now of steps) {
    if (now.do === "append") oracle.append(now.count);
    else if (now.do === "settle") await oracle.settle();
    else if (now.do === "check") await oracle.check();
    else if (now.do === "cursor") await oracle.commitCursor(now.fraction);
    else if (now.do === "startCursor") oracle.startCursor();
    else if (now.do === "tick") {
      for (let turn = 0; turn < now.microtasks; turn++) await Promise.resolve();
    } else if (now.do === "failSync") failOnce(oracle.disk, "dataSync");
    else if (now.do === "failWrite") failOnce(oracle.disk, "write");
    else if (now.do === "failSome") {
      oracle.disk.failSome(now.changes, seededRandom(now.seed));
    } else if (now.do === "breakDisk") failEverySync(oracle.disk);
    else {
      oracle.disk.fault = () => null;
      if (now.do !== "cutPower") oracle.kill();
      if (now.do === "startInVain") await oracle.startInVain(now.times, seededRandom(now.seed));
      if (now.do === "cutPower") oracle.cutPower(seededRandom(now.seed));
      await oracle.open();
      await oracle.check();
    }
    if (oracle.violations.length > 0) return oracle.violations;
  }
  oracle.disk.fault = () => null;
  await oracle.settle(20);
  if (oracle.outstanding > 0) oracle.violations.push("an append was never answered");
  await oracle.check();
  await oracle.journal?.close();
  return oracle.violations;
}

test("random lives keep every promise through kills, power cuts and failing syncs", async () => {
  const lives = fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
    expect(await live(new JournalOracle(), steps)).toEqual([]);
  });
  await fc.assert(lives, { numRuns: 400 });
}, 60_000);

test("lives that once broke a promise keep it now", async () => {
  for (const steps of regressions) {
    expect(await live(new JournalOracle(), steps as Step[])).toEqual([]);
  }
});

const shortLife: Step[] = [
  { do: "append", count: 9 },
  { do: "settle" },
  { do: "cursor", fraction: 0.9 },
  { do: "append", count: 9 },
  { do: "settle" },
];

async function violationsOverSeeds(plant: (disk: ModelDisk) => void): Promise<string[]> {
  const all: string[] = [];
  for (let seed = 0; seed < 20; seed++) {
    const oracle = new JournalOracle();
    plant(oracle.disk);
    all.push(...(await live(oracle, [...shortLife, { do: "cutPower", seed }])));
  }
  return all;
}

test("no promise is broken in the life that the planted bugs below are shown with", async () => {
  expect(await violationsOverSeeds(() => {})).toEqual([]);
});

test("an acknowledgement before the sync is seen by the model", async () => {
  const violations = await violationsOverSeeds((disk) => {
    disk.liesAbout = (path) => path.endsWith(".seg");
  });
  expect(violations.join("\n")).toContain("lost: entry-");
});

test("an unlink before the checkpoint is seen by the model", async () => {
  const violations = await violationsOverSeeds((disk) => {
    disk.liesAbout = (path) => path.includes(".cursor");
  });
  expect(violations.join("\n")).toContain("cursor went back");
  expect(violations.join("\n")).toContain("lost: entry-");
});

test("an offset that is given twice is seen by the model", async () => {
  const oracle = new JournalOracle({ segmentBytesMax: 100_000 });
  await oracle.open();
  oracle.append(3);
  await oracle.settle();
  oracle.kill();
  // A start that forgets what it had given.
  for (const name of oracle.disk.files.keys()) oracle.disk.files.delete(name);
  await oracle.open();
  oracle.append(1);
  await oracle.settle();
  expect(oracle.violations.join("\n")).toContain("offset 1 given twice");
});
