import { expect, test } from "vitest";
import { interleaved, mediansOf, quantileOf } from "./path-rounds.ts";
import { inScope, closeAllScopes } from "./started.ts";

test("each round measures every name once and starts with another one", async () => {
  const order: string[] = [];
  const measure = async (name: string): Promise<number> => order.push(name);
  const results = await interleaved({ names: ["a", "b"], rounds: 2, progress: () => {}, measure });
  expect(order).toEqual(["a", "b", "b", "a"]);
  expect(results.get("a")).toEqual([1, 4]);
});

test("medians are taken figure by figure, sums of what no round may show", () => {
  const rounds = [
    { rate: 30, faults: 0, lost: null },
    { rate: 10, faults: 2, lost: 1 },
    { rate: 20, faults: 0, lost: 1 },
  ];
  expect(mediansOf(rounds, ["faults"])).toEqual({ rate: 20, faults: 2, lost: null });
});

test("a quantile is one of the values, the worst at most", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(quantileOf(values, 0.99)).toBe(199);
  expect(quantileOf([7], 0.99)).toBe(7);
  expect(quantileOf([], 0.5)).toBeNaN();
});

test("an end from outside takes away what was started, the last first, and what comes after", async () => {
  const gone: string[] = [];
  await inScope(async (scope) => {
    scope.onTestFinished(() => void gone.push("folder"));
    scope.onTestFinished(() => void gone.push("process"));
    await closeAllScopes();
    scope.onTestFinished(() => void gone.push("late"));
  });
  expect(gone).toEqual(["process", "folder", "late"]);
});
