import { expect, test } from "vitest";
import {
  chooseAsked,
  kitchensShownMax,
  type ListedKitchen,
} from "../../../../dashboard/web/kitchens/choose-asked.ts";
import { createSnapshot } from "../snapshots.ts";

function listOf(count: number): ListedKitchen[] {
  return Array.from({ length: count }, (_none, index) => ({
    ...createSnapshot(`sppg-${index + 1}`).kitchen,
    openAlerts: { open: 0, critical: 0, unacknowledged: 0 },
  }));
}

const idsOf = (kitchens: readonly ListedKitchen[]) => kitchens.map(({ sppgId }) => sppgId);

test("of 300 kitchens those are asked whose alerts are worst, wherever they stand", () => {
  const list = listOf(300).map((kitchen, index) =>
    index === 299
      ? { ...kitchen, openAlerts: { open: 1, critical: 1, unacknowledged: 1 } }
      : index > 250
        ? { ...kitchen, openAlerts: { open: 2, critical: 0, unacknowledged: 2 } }
        : kitchen,
  );
  const asked = idsOf(chooseAsked(list, null));
  expect(asked).toHaveLength(kitchensShownMax);
  expect(asked).toContain("sppg-300");
  expect(asked.slice(0, 2)).toEqual(["sppg-252", "sppg-253"]);
});

test("the one that somebody looks at is among them, and of few all are", () => {
  expect(idsOf(chooseAsked(listOf(31), "sppg-31"))).toHaveLength(31);
  expect(idsOf(chooseAsked(listOf(31), null))).not.toContain("sppg-31");
  expect(idsOf(chooseAsked(listOf(30), "sppg-99"))).toHaveLength(30);
});

test("kitchens of the store, which say nothing of their alerts, keep their order", () => {
  const stored = listOf(31).map(({ openAlerts: _none, ...kitchen }) => kitchen);
  expect(idsOf(chooseAsked(stored, null)).at(-1)).toBe("sppg-30");
});
