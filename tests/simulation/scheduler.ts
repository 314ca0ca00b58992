import { type Random, seededRandom } from "../broker/journal/model-disk.ts";

/** Who asked for a task: when a process has died, nothing of what it waited for comes back. */
export interface Owner {
  isAlive: boolean;
}

interface Task {
  atMs: number;
  /** Of tasks that are due at the same time the seed decides. */
  order: number;
  label: string;
  run: () => void;
  owner: Owner | null;
}

/** Things sent one after another arrive one after another, as over a socket or a port. */
export interface Lane {
  send(delayMs: number, label: string, run: () => void): void;
}

/**
 * One thread, one seed: virtual time, and one task after the other. A task runs until nothing more
 * can happen without time passing, so that a crash between any two tasks is a crash anywhere.
 */
export class Scheduler {
  readonly random: Random;
  nowMs = 0;
  steps = 0;
  /** Hears each step in words. */
  onTrace: ((line: string) => void) | null = null;
  readonly #heap: Task[] = [];
  #hashA = 0x811c9dc5;
  #hashB = 0x9e3779b1;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** Both halves of what happened so far, as hexadecimal digits. */
  get traceHash(): string {
    return [this.#hashA, this.#hashB]
      .map((half) => (half >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  after(
    delayMs: number,
    task: { label: string; run: () => void; owner: Owner | null },
  ): () => void {
    const made = { ...task, atMs: this.nowMs + Math.max(0, delayMs), order: this.random() };
    push(this.#heap, made);
    return () => {
      made.owner = cancelled;
    };
  }

  /** Resolves after a while, and never once its owner has died. */
  delay(delayMs: number, label: string, owner: Owner | null): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, { label, run: resolve, owner }));
  }

  lane(owner: Owner | null): Lane {
    let lastAtMs = 0;
    return {
      send: (delayMs, label, run) => {
        lastAtMs = Math.max(this.nowMs + delayMs, lastAtMs + 0.001);
        this.after(lastAtMs - this.nowMs, { label, run, owner });
      },
    };
  }

  /** Something happened that belongs to the trace. */
  note(text: string): void {
    this.#hash(text);
    this.onTrace?.(`${this.nowMs.toFixed(3)} ${text}`);
  }

  /** Runs the next task; `false`: there is none. */
  async step(): Promise<boolean> {
    for (let task = pop(this.#heap); task !== null; task = pop(this.#heap)) {
      if (task.owner !== null && !task.owner.isAlive) continue;
      this.nowMs = Math.max(this.nowMs, task.atMs);
      this.steps += 1;
      this.note(task.label);
      task.run();
      await settled();
      return true;
    }
    return false;
  }

  #hash(text: string): void {
    let a = this.#hashA ^ Math.floor(this.nowMs * 1_000);
    let b = this.#hashB;
    for (let at = 0; at < text.length; at += 1) {
      a = Math.imul(a ^ text.charCodeAt(at), 0x01000193);
      b = Math.imul(b ^ (a >>> 15), 0x85ebca6b) + at;
    }
    this.#hashA = a;
    this.#hashB = b;
  }
}

const cancelled: Owner = { isAlive: false };

/** Resolves when no promise can go on any more: the queue of ticks comes behind all of them. */
export function settled(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Task[], task: Task): void {
  let at = heap.length;
  heap.push(task);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(task, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = task;
}

function pop(heap: Task[]): Task | null {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined) return null;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
  return first;
}
