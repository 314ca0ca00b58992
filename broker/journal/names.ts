import type { ByteWindow } from "./crc.ts";
import { NameTable } from "./name-table.ts";

/** Of a generation: a country's 30,000 kitchens with 10 devices each. */
const namesMax = 320_000;
/** Longer ones than this, both together, are decoded each time; ours take about 75. */
const NAME_BYTES_MAX = 128;
const NAME_BYTES_MIN = 8;

/** Where the names stand: the principal from `start` to `topicAt`, the topic up to `end`. */
export interface NamesPlace {
  start: number;
  topicAt: number;
  end: number;
}

/** The two names of a publish, the same object for all entries that have them. */
export interface Names {
  readonly principal: string;
  readonly topicName: string;
}

/**
 * Remembers which bytes are which names: a device sends thousands of messages under the same two,
 * and comparing bytes is cheaper than making strings of them; a string that is the same one again
 * is also found faster in every map downstream. Two generations: what was not met while one filled
 * up is forgotten with the next.
 */
export class NameCache {
  readonly #namesMax: number;
  #young = new NameTable();
  #old = new NameTable();

  constructor(limits: { namesMax: number } = { namesMax }) {
    this.#namesMax = limits.namesMax;
  }

  read(window: ByteWindow, place: NamesPlace): Names {
    if (!isKept(place)) return decodeNames(window, place);
    const hash = hashOf(window.view, place);
    const known = this.#young.find(window, place, hash);
    if (known !== null) return known;
    const names = this.#old.find(window, place, hash) ?? decodeNames(window, place);
    if (this.#young.size >= this.#namesMax) {
      this.#old = this.#young;
      this.#young = new NameTable();
    }
    this.#young.add(window, place, { hash, names });
    return names;
  }

  /**
   * Asks for the memory in which the names of these places will be looked for, of all at once: one
   * after the other each would wait for it. Remembers nothing.
   */
  fetch({ view }: ByteWindow, places: readonly NamesPlace[]): number {
    return this.#young.fetch(places.filter(isKept).map((place) => hashOf(view, place)));
  }
}

function isKept({ start, end }: NamesPlace): boolean {
  return end - start <= NAME_BYTES_MAX && end - start >= NAME_BYTES_MIN;
}

/** Of all bytes: names differ anywhere. */
function hashOf(view: DataView, { start, topicAt, end }: NamesPlace): number {
  let hash = topicAt - start;
  for (let at = start; at + 4 <= end; at += 4) {
    hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ view.getInt32(at, true), 0x9e3779b1);
  }
  // What is no whole word, and some of the last one again.
  hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ view.getInt32(end - 4, true), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

export function decodeNames({ bytes }: ByteWindow, { start, topicAt, end }: NamesPlace): Names {
  return {
    principal: bytes.toString("utf8", start, topicAt),
    topicName: bytes.toString("utf8", topicAt, end),
  };
}
