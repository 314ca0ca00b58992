import type { Cell } from "./state.ts";

export interface Deadline {
  atMs: number;
  cell: Cell;
}

/**
 * When each cell wants to be looked at next, in listening time. Lazy: a cell that is heard moves
 * its deadline without touching the heap, and is only found to be alive when its turn comes.
 */
export interface Deadlines {
  /** Has an effect only if it is earlier than what the cell waits for. */
  schedule(cell: Cell, atMs: number): void;
  /** Takes the cell whose turn is first, if that is at or before `nowMs`; ties go by cell. */
  takeDue(nowMs: number): Deadline | null;
}

export function createDeadlines(): Deadlines {
  const heap: Deadline[] = [];

  function schedule(cell: Cell, atMs: number): void {
    if (atMs >= cell.wakeAtMs) return;
    cell.wakeAtMs = atMs;
    push(heap, { atMs, cell });
  }

  function takeDue(nowMs: number): Deadline | null {
    for (let first = heap[0]; first !== undefined && first.atMs <= nowMs; first = heap[0]) {
      pop(heap);
      // The cell was scheduled earlier since: this one is stale.
      if (first.atMs !== first.cell.wakeAtMs) continue;
      first.cell.wakeAtMs = Number.POSITIVE_INFINITY;
      return first;
    }
    return null;
  }

  return { schedule, takeDue };
}

function isBefore(a: Deadline, b: Deadline): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.cell.sppgId !== b.cell.sppgId) return a.cell.sppgId < b.cell.sppgId;
  return a.cell.key < b.cell.key;
}

function push(heap: Deadline[], item: Deadline): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !isBefore(item, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = item;
}

function pop(heap: Deadline[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const leftAt = 2 * at + 1;
    const left = heap[leftAt];
    if (left === undefined) break;
    const right = heap[leftAt + 1];
    const isRightFirst = right !== undefined && isBefore(right, left);
    const child = isRightFirst ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = isRightFirst ? leftAt + 1 : leftAt;
  }
  heap[at] = last;
}
