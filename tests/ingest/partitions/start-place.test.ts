import { expect, test } from "vitest";
import {
  caughtUpLiveMax,
  offsetStep,
  startPlaceOf,
} from "../../../ingest/partitions/start-place.ts";

const firstOffset = 1_001;

function place(syncedOffset: number, cursors: Readonly<Record<string, number>>) {
  return startPlaceOf({ firstOffset, syncedOffset, cursor: (name) => cursors[name] ?? null });
}

test("an owner shows live what the one before has not said it folded, and stores from its cursor", () => {
  expect(place(1_400, { monitor: 1_201, recorder: 1_301 })).toEqual({
    firstOffset,
    recorderOffset: 1_301,
    replayUpTo: 1_400,
    liveAfter: 1_200,
  });
});

test("the first owner shows all that has been waiting", () => {
  expect(place(1_400, {})).toMatchObject({ recorderOffset: firstOffset, liveAfter: 1_000 });
});

test("of a long backlog the newest entries are shown alone", () => {
  const syncedOffset = 1_200 + 5 * caughtUpLiveMax * offsetStep;
  const { liveAfter, replayUpTo } = place(syncedOffset, { monitor: 1_201 });
  expect({ replayUpTo, waiting: (replayUpTo - liveAfter) / offsetStep }).toEqual({
    replayUpTo: syncedOffset,
    waiting: caughtUpLiveMax,
  });
});
