import { expect, test } from "vitest";
import { type DiskCall, seededRandom, systemError } from "./model-disk.ts";
import { JournalOracle } from "./oracle.ts";

/** A life that meets every kind of call: roll, cursor, trim, read, close, start. */
async function life(oracle: JournalOracle): Promise<void> {
  if (!(await oracle.open(3))) return;
  oracle.append(4);
  await oracle.settle(5);
  await oracle.commitCursor(0.5);
  oracle.append(6);
  await oracle.settle(5);
  oracle.kill();
  if (!(await oracle.open(3))) return;
  await oracle.commitCursor(1);
  oracle.append(3);
  await oracle.settle(5);
}

interface Sweep {
  code: string;
  isHit: (call: DiskCall, first: number) => boolean;
  end: "kill" | "cutPower";
}

/** Fails the first call of a life, then the second, … until one passes untouched. */
async function sweep({ code, isHit, end }: Sweep): Promise<number> {
  for (let first = 1; ; first++) {
    const oracle = new JournalOracle();
    let hits = 0;
    oracle.disk.fault = (call) => {
      if (!isHit(call, first)) return null;
      hits++;
      return systemError(code);
    };
    await life(oracle);
    oracle.disk.fault = () => null;
    // The disk is well again: the journal goes on by itself, or a new start does.
    await oracle.settle(20);
    const unanswered = oracle.journal === null ? 0 : oracle.outstanding;
    if (end === "kill") oracle.kill();
    else oracle.cutPower(seededRandom(first));
    const isOpen = await oracle.open();
    await oracle.check();
    oracle.append(2);
    await oracle.settle(5);
    await oracle.check();
    await oracle.journal?.close();
    const outcome = { first, isOpen, unanswered, violations: oracle.violations };
    expect(outcome).toEqual({ first, isOpen: true, unanswered: 0, violations: [] });
    if (hits === 0) return first;
  }
}

const single = (call: DiskCall, first: number): boolean => call.index === first;
const allLater = (call: DiskCall, first: number): boolean => call.index >= first;

test("whichever single call fails, nothing acknowledged is lost afterwards", async () => {
  for (const code of ["EIO", "ENOSPC"]) {
    expect(await sweep({ code, isHit: single, end: "kill" })).toBeGreaterThan(50);
    expect(await sweep({ code, isHit: single, end: "cutPower" })).toBeGreaterThan(50);
  }
}, 60_000);

test("from whichever call on all fail, nothing acknowledged is lost", async () => {
  for (const code of ["EIO", "ENOSPC"]) {
    expect(await sweep({ code, isHit: allLater, end: "kill" })).toBeGreaterThan(50);
    expect(await sweep({ code, isHit: allLater, end: "cutPower" })).toBeGreaterThan(50);
  }
}, 60_000);
