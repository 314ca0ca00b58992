import { expect, test } from "vitest";
import { AckLedger, type OwedAck } from "../../../broker/cluster/ack-ledger.ts";
import { seededRandom } from "../../support/seeded-random.ts";

test("a later message on disk waits for those before it", () => {
  const ledger = new AckLedger();
  const [first, second, third] = [7, 8, 9].map((id) => ledger.owe(id));
  if (first === undefined || second === undefined || third === undefined) throw new Error("three");
  expect(ledger.settle(third)).toEqual([]);
  expect(ledger.settle(first)).toEqual([7]);
  expect(ledger.size).toBe(2);
  expect(ledger.settle(second)).toEqual([8, 9]);
  expect(ledger.size).toBe(0);
});

test("whatever the order on disk, each id leaves once and in the order of arrival", () => {
  const random = seededRandom(7);
  const ledger = new AckLedger();
  const waiting: OwedAck[] = [];
  const left: number[] = [];
  for (let id = 0; id < 5_000; id += 1) {
    waiting.push(ledger.owe(id));
    while (waiting.length > 0 && random() < 0.5) {
      const [owed] = waiting.splice(Math.floor(random() * waiting.length), 1);
      if (owed !== undefined) left.push(...ledger.settle(owed));
    }
  }
  for (const owed of waiting) left.push(...ledger.settle(owed));
  expect(left).toEqual(Array.from({ length: 5_000 }, (_, id) => id));
});
