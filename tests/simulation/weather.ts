import { systemError } from "../broker/journal/model-disk.ts";
import type { DiskCall, Random } from "../broker/journal/model-disk.ts";
import type { Scheduler } from "./scheduler.ts";

/** What may be away for a while. */
export const parts = ["disk", "records", "store", "channels"] as const;
export type Part = (typeof parts)[number];

/** A flickering one leaves behind what is half made and what should clear up after it. */
const diskAways = ["gone", "full", "flickering"] as const;

/** How often each thing goes wrong, of 1: half of them never in a given life. */
export interface Rates {
  diskError: number;
  diskSlow: number;
  recordsFail: number;
  /** Done, and the answer is lost. */
  recordsDoubt: number;
  storeFail: number;
  /** Applied in full or in part, and the answer is a failure. */
  storeDoubt: number;
  storeTwice: number;
  slow: number;
  channelsFail: number;
  /** Of publishes that failed: they arrive all the same. */
  channelsLate: number;
  networkCut: number;
  outage: number;
  crash: number;
  crashPoint: number;
  /** Of faults: the process or the machine goes a moment later, in the middle of the repair. */
  crashAfterFault: number;
  stop: number;
  clockStep: number;
}

const often: Rates = {
  diskError: 0.01,
  diskSlow: 0.05,
  recordsFail: 0.1,
  recordsDoubt: 0.1,
  storeFail: 0.2,
  storeDoubt: 0.2,
  storeTwice: 0.2,
  slow: 0.1,
  channelsFail: 0.2,
  channelsLate: 0.5,
  networkCut: 0.05,
  outage: 0.25,
  crash: 0.002,
  crashPoint: 0.02,
  crashAfterFault: 0.3,
  stop: 0.05,
  clockStep: 0.05,
};

const faults: ReadonlySet<string> = new Set(
  "diskError recordsFail recordsDoubt storeFail storeDoubt channelsFail".split(" "),
);

/** What goes wrong in one seed's world, until it is told to be calm. */
export class Weather {
  readonly rates: Rates;
  readonly random: Random;
  isCalm = false;
  /** Hears that a crash shall come soon. */
  onFault: () => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #awayUntilMs = new Map<Part, number>();
  #diskAway: (typeof diskAways)[number] = "gone";

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.random = scheduler.random;
    const draw = (most: number): number =>
      this.random() < 0.5 ? 0 : most * (this.random() < 0.5 ? 0.2 : 1);
    const rates = { ...often };
    for (const name of Object.keys(often) as (keyof Rates)[]) rates[name] = draw(often[name]);
    this.rates = rates;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.isCalm = true;
    this.#awayUntilMs.clear();
  }

  hits(name: keyof Rates): boolean {
    const rate = this.rates[name];
    const isHit = !this.isCalm && rate > 0 && this.random() < rate;
    if (isHit && faults.has(name) && this.random() < this.rates.crashAfterFault) this.onFault();
    return isHit;
  }

  isAway(part: Part): boolean {
    return (this.#awayUntilMs.get(part) ?? 0) > this.#scheduler.nowMs;
  }

  /** Now and then something is away for up to half a minute. */
  maybeOutage(): void {
    if (!this.hits("outage")) return;
    const part = parts[Math.floor(this.random() * parts.length)] ?? "disk";
    const forMs = 200 + this.random() ** 2 * 20_000;
    this.#diskAway = diskAways[Math.floor(this.random() * diskAways.length)] ?? "gone";
    this.#awayUntilMs.set(part, this.#scheduler.nowMs + forMs);
    this.#scheduler.note(`outage ${part} ${forMs.toFixed(0)} ms`);
  }

  /** How long something takes: mostly a moment, at times seconds. */
  latencyMs(isDisk = false): number {
    if (this.hits(isDisk ? "diskSlow" : "slow")) return 20 + this.random() ** 3 * 5_000;
    return this.random() * (isDisk ? 0.5 : 2);
  }

  diskFault({ name }: DiskCall): Error | null {
    if (this.isAway("disk")) {
      if (this.#diskAway === "full") {
        return name === "write" || name === "open" ? systemError("ENOSPC") : null;
      }
      const isHit = this.#diskAway === "gone" || this.random() < 0.5;
      return isHit ? systemError("EIO") : null;
    }
    return this.hits("diskError") ? systemError(this.random() < 0.8 ? "EIO" : "ENOSPC") : null;
  }
}
