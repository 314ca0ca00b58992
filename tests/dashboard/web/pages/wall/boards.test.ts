import { expect, test } from "vitest";
import type { Snapshot } from "../../../../../dashboard/web/kitchens/sensor-number.ts";
import { standingOf } from "../../../../../dashboard/web/kitchens/standing.ts";
import {
  type Board,
  boardMs,
  following,
  listBoards,
  noRotation,
  onPage,
  rotate,
  shiftAt,
  step,
  tilesMax,
} from "../../../../../dashboard/web/pages/wall/boards.ts";
import { createAlert, createDevice, createSnapshot, nowMs } from "../../snapshots.ts";

function boardsOf(...kitchens: [string, Partial<Snapshot>?][]): readonly Board[] {
  return listBoards(
    kitchens.map(([name, parts]) => standingOf(createSnapshot(name, parts), nowMs)),
  );
}

const keys = (boards: readonly Board[]): string[] => boards.map(({ key }) => key);

/** Which boards stand over some turns of their time. */
function turns(boards: readonly Board[], count: number): (string | null)[] {
  let rotation = noRotation;
  return Array.from({ length: count }, (_none, at) => {
    rotation = rotate(rotation, boards, nowMs + at * boardMs);
    return rotation.key;
  });
}

test("one kitchen has a board of its probes, and of alerts and stock only where there are any", () => {
  expect(keys(boardsOf(["a"]))).toEqual(["probes a 0"]);
  const scale = createDevice({ deviceId: "scale-1", kind: "smart-scale", place: "stockScale" });
  const alerts = [createAlert({ severity: "warning" })];
  const whole = boardsOf(["a", { devices: [createDevice({}), scale], alerts }]);
  expect(keys(whole)).toEqual(["probes a 0", "alerts a 0", "stock a 0"]);
});

test("several kitchens begin with a board of all, then take turns by name", () => {
  const boards = boardsOf(["Dapur 10"], ["Dapur 9"]);
  const order = ["kitchens  0", "probes Dapur 9 0", "probes Dapur 10 0"];
  expect(keys(boards)).toEqual(order);
  expect(turns(boards, 4)).toEqual([...order, order[0]]);
});

test("more sensors than fit are on further pages, each as full as the other", () => {
  const devices = Array.from({ length: tilesMax + 2 }, (_none, at) =>
    createDevice({ deviceId: `cold-${at}` }),
  );
  expect(keys(boardsOf(["a", { devices }]))).toEqual(["probes a 0", "probes a 1"]);
  const items = devices.map(({ deviceId }) => deviceId);
  expect([onPage(items, 0).length, onPage(items, 1).length]).toEqual([5, 5]);
  expect([...onPage(items, 0), ...onPage(items, 1)]).toEqual(items);
});

test("a board stands 20 seconds, and a clock that is set back does not stop the wall", () => {
  const boards = boardsOf(["a"], ["b"]);
  const first = rotate(noRotation, boards, nowMs);
  expect(rotate(first, boards, nowMs + boardMs - 1)).toBe(first);
  expect(rotate(first, boards, nowMs + boardMs).key).toBe("probes a 0");
  expect(rotate(first, boards, nowMs - 3_600_000).key).toBe("probes a 0");
});

test("what is critical and unanswered comes at once and stays; once answered the wall goes on", () => {
  const calm = boardsOf(["a"], ["b"]);
  const critical = boardsOf(["a"], ["b", { alerts: [createAlert({})] }]);
  let rotation = rotate(noRotation, calm, nowMs);
  rotation = rotate(rotation, critical, nowMs + 1_000);
  expect(rotation).toMatchObject({ key: "probes b 0", sinceMs: nowMs + 1_000 });
  for (let at = 1; at < 10; at += 1) {
    rotation = rotate(rotation, critical, nowMs + at * boardMs);
    expect(rotation.key).toBe("probes b 0");
  }
  expect(following(rotation, critical)).toBeNull();
  const answered = boardsOf(["a"], ["b", { alerts: [createAlert({ response: "acknowledged" })] }]);
  rotation = rotate(rotation, answered, nowMs + 10 * boardMs);
  expect(rotation.key).toBe("alerts b 0");
});

test("two critical kitchens take turns, and no other does", () => {
  const alerts = [createAlert({})];
  const boards = boardsOf(["a", { alerts }], ["b"], ["c", { alerts }]);
  expect(turns(boards, 4)).toEqual(["probes a 0", "probes c 0", "probes a 0", "probes c 0"]);
});

test("a board by an arrow key stands its time, also beside a critical one", () => {
  const boards = boardsOf(["a", { alerts: [createAlert({})] }], ["b"]);
  const held = rotate(noRotation, boards, nowMs);
  const back = step(held, boards, { by: -1, nowMs });
  expect(back.key).toBe("kitchens  0");
  expect(rotate(back, boards, nowMs + boardMs - 1)).toBe(back);
  expect(rotate(back, boards, nowMs + boardMs).key).toBe(held.key);
  expect(step(back, boards, { by: -1, nowMs }).key).toBe("probes b 0");
});

test("a wall without a board has no rotation, and a board that is gone makes room", () => {
  expect(rotate(noRotation, [], nowMs)).toBe(noRotation);
  const rotation = rotate(noRotation, boardsOf(["a"]), nowMs);
  expect(rotate(rotation, boardsOf(["b"]), nowMs + 1).key).toBe("probes b 0");
  expect(rotate(rotation, [], nowMs + 1).key).toBeNull();
});

test("the picture moves by 4 px a minute and comes back", () => {
  const shifts = Array.from({ length: 10 }, (_none, minute) => shiftAt(minute * 60_000));
  for (const [at, { xPx, yPx }] of shifts.entries()) {
    const before = shifts[at - 1];
    if (before === undefined) continue;
    const movedPx = [Math.abs(xPx - before.xPx), Math.abs(yPx - before.yPx)];
    expect(Math.max(...movedPx)).toBe(4);
  }
  expect(shifts.at(-1)).toEqual(shifts[0]);
  expect(shiftAt(59_999)).toEqual(shifts[0]);
});
