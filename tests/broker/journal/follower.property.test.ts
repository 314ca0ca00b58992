import fc from "fast-check";
import { expect, test } from "vitest";
import { FollowedLife } from "./follower-life.ts";
import { type DiskCall, seededRandom } from "./model-disk.ts";

type Step =
  | { do: "append"; count: number }
  | { do: "settle" }
  | { do: "commit"; fraction: number }
  | { do: "fail"; call: string }
  | { do: "failSome"; changes: number; seed: number }
  | { do: "cutPower"; seed: number }
  | { do: "tick"; microtasks: number }
  | { do: "read"; fraction: number; entriesMax: number; bytesMax: number };

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("append"), count: fc.nat({ max: 12 }) }) },
  { weight: 3, arbitrary: fc.constant({ do: "settle" }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("read"),
      fraction: fc.constantFrom(0, 0.1, 0.4, 0.7, 0.95, 1, 1.2),
      entriesMax: fc.constantFrom(1, 2, 5, 100),
      bytesMax: fc.constantFrom(1, 300, 900, 100_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("commit"), fraction: fc.constantFrom(0.3, 0.8, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("fail"), call: fc.constantFrom("dataSync", "write") }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("failSome"),
      changes: fc.integer({ min: 2, max: 20 }),
      seed: fc.nat(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cutPower"), seed: fc.nat() }) },
  // Stops in the middle of a write or a sync, where a power cut leaves a torn tail.
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("tick"), microtasks: fc.integer({ min: 1, max: 40 }) }),
  },
) as fc.Arbitrary<Step>;

/** A file that was removed, but not durably, is read by the one who has it open alone. */
const isOfSegment = ({ path }: DiskCall): boolean => path.endsWith(".seg");

/** What a read gave on both sides; nothing for any other step. */
async function take(
  life: FollowedLife,
  now: Step,
): Promise<{ journal?: unknown; follower?: unknown }> {
  const { journal } = life;
  if (now.do === "append") life.append(now.count);
  else if (now.do === "settle") await life.settle();
  else if (now.do === "fail") life.failOnce(now.call);
  else if (now.do === "failSome")
    life.disk.failSome(now.changes, seededRandom(now.seed), isOfSegment);
  else if (now.do === "tick") {
    for (let turn = 0; turn < now.microtasks; turn++) await Promise.resolve();
  } else if (now.do === "cutPower") await life.cutPower(seededRandom(now.seed));
  else if (now.do === "commit") {
    await life.settle();
    const from = journal.cursor("recorder") ?? 1;
    const span = journal.syncedOffset + 1 - from;
    await journal.commitCursor("recorder", from + Math.floor(span * now.fraction));
    await life.settle();
  } else {
    await life.settle();
    const { keptFrom } = life;
    const span = journal.syncedOffset + 1 - keptFrom;
    const fromOffset = keptFrom + Math.floor(span * now.fraction);
    return life.readBoth(fromOffset, now);
  }
  return {};
}

test("a follower reads what the journal reads, through fences, trims and power cuts", async () => {
  const lives = fc.asyncProperty(fc.array(step, { maxLength: 30, size: "max" }), async (steps) => {
    const life = new FollowedLife();
    await life.open();
    for (const now of steps) {
      const both = await take(life, now);
      expect(both.follower).toEqual(both.journal);
    }
    life.disk.fault = () => null;
    await life.settle();
    const all = await life.drainBoth();
    expect(all.follower).toEqual(all.journal);
    expect(life.damage).toEqual([]);
    await life.follower.close();
    await life.journal.close();
  });
  await fc.assert(lives, { numRuns: 600 });
}, 60_000);

test("nothing beyond what was announced is given, however much more is on disk", async () => {
  const lives = fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 12 }),
    async (counts) => {
      const life = new FollowedLife();
      await life.open();
      const announcements = [];
      for (const count of counts) {
        life.append(count);
        await life.settle();
        announcements.push(life.journal.announcement);
      }
      // Also after newer ones: an older announcement bounds what is known to be longer by now.
      const older = announcements.toReversed();
      for (const announced of [...announcements, ...older, ...announcements]) {
        const limits = { entriesMax: 1_000, bytesMax: 1_000_000 };
        const batch = await life.follower.read(1, announced, limits);
        expect(batch.entries.map((entry) => entry.offset)).toEqual(
          Array.from({ length: announced.syncedOffset }, (_, index) => index + 1),
        );
        expect(batch.nextOffset).toBe(announced.syncedOffset + 1);
      }
      await life.journal.close();
    },
  );
  await fc.assert(lives, { numRuns: 50 });
}, 60_000);
