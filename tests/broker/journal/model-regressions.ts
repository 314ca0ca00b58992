/**
 * Lives that once ended with a broken promise; `model.test.ts` runs each again. The first two were
 * the model's own mistakes: it compared with what was acknowledged while it was still reading, and
 * it listened to a process that was gone. The third: of two commits under way at once, the lower
 * one took the cursor back behind what was trimmed. The fourth asks for the rewrite of the last
 * group at a start: a sync alone doesn't bring back what a failed sync has left in memory only.
 * Then a read that met a file between its unlink and the end of its trimming.
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
  [
    { do: "append", count: 1 },
    { do: "settle" },
    { do: "append", count: 2 },
    { do: "failSync" },
    { do: "startCursor" },
    { do: "cursor", fraction: 0 },
  ],
  [
    { do: "append", count: 1 },
    { do: "settle" },
    { do: "breakDisk" },
    { do: "append", count: 1 },
    { do: "settle" },
    { do: "kill" },
    { do: "cutPower", seed: 1 },
  ],
  [
    { do: "append", count: 9 },
    { do: "append", count: 8 },
    { do: "cursor", fraction: 0 },
    { do: "startCursor" },
    { do: "check" },
  ],
];
