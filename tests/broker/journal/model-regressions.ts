/**
 * Lives that once ended with a broken promise; `model.test.ts` runs each again. Both so far were
 * the model's own mistakes: it compared with what was acknowledged while it was still reading, and
 * it listened to a process that was gone.
 */
export const regressions: readonly (readonly object[])[] = [
  [
    ...[5, 5, 1, 2, 2, 1, 4, 1].map((count) => ({ do: "append", count })),
    { do: "settle" },
    { do: "append", count: 7 },
    { do: "check" },
  ],
  [
    { do: "append", count: 9 },
    { do: "cursor", fraction: 0 },
    { do: "append", count: 4 },
    { do: "check" },
    { do: "cutPower", seed: 0 },
  ],
];
