import { byteWindow, type ByteWindow } from "./crc.ts";
import type { Names, NamesPlace } from "./names.ts";

const placesAtFirst = 8_192;
const bytesAtFirst = 64 * 1024;
/** Names whose hashes were made to meet are not kept, and nobody looks for them for long. */
const probesMax = 16;

/** Names by their bytes, in flat lists: nothing of it but the names is the collector's. */
export class NameTable {
  /** Hash and number + 1 of each, at the hash's place or one of the next; 0: nothing there. */
  #index = new Int32Array(2 * placesAtFirst);
  /** By number: where the bytes begin, and both lengths in one. */
  #facts = new Uint32Array(placesAtFirst);
  readonly #names: Names[] = [];
  #bytes = byteWindow(Buffer.allocUnsafeSlow(bytesAtFirst));
  #bytesUsed = 0;

  get size(): number {
    return this.#names.length;
  }

  find({ view }: ByteWindow, place: NamesPlace, hash: number): Names | null {
    const index = this.#index;
    const mask = index.length - 1;
    let at = (hash << 1) & mask;
    for (let probe = 0; probe < probesMax; probe += 1) {
      const number = index[at + 1] ?? 0;
      if (number === 0) return null;
      if (index[at] === hash && this.#holds(view, place, number - 1)) {
        return this.#names[number - 1] ?? null;
      }
      at = (at + 2) & mask;
    }
    return null;
  }

  /** They are not there yet. */
  add(
    window: ByteWindow,
    place: NamesPlace,
    { hash, names }: { hash: number; names: Names },
  ): void {
    const { start, end } = place;
    const number = this.#names.length;
    if (4 * (number + 1) > this.#index.length) this.#growIndex();
    if (!this.#enter(hash, number)) return;
    if (this.#bytesUsed + end - start > this.#bytes.bytes.length) this.#growBytes();
    if (2 * (number + 1) > this.#facts.length) this.#facts = doubled(this.#facts);
    window.bytes.copy(this.#bytes.bytes, this.#bytesUsed, start, end);
    this.#facts[2 * number] = this.#bytesUsed;
    this.#facts[2 * number + 1] = lengthsOf(place);
    this.#bytesUsed += end - start;
    this.#names.push(names);
  }

  /** Level by level, see `NameCache.fetch`. @returns what no compiler may leave out */
  fetch(hashes: readonly number[]): number {
    const index = this.#index;
    const mask = index.length - 1;
    const found: number[] = [];
    let sum = 0;
    for (const hash of hashes) {
      const at = (hash << 1) & mask;
      if (index[at] === hash) found.push((index[at + 1] ?? 0) - 1);
    }
    const names: Names[] = [];
    for (const number of found) {
      const known = this.#names[number];
      if (known !== undefined) names.push(known);
      sum += this.#facts[2 * number] ?? 0;
    }
    const { bytes } = this.#bytes;
    for (const number of found) {
      const from = this.#facts[2 * number] ?? 0;
      sum += (bytes[from] ?? 0) + (bytes[from + 64] ?? 0);
    }
    const topicNames = names.map(({ topicName }) => topicName);
    for (const topicName of topicNames) sum += topicName.length;
    return sum;
  }

  #holds(view: DataView, place: NamesPlace, number: number): boolean {
    if (this.#facts[2 * number + 1] !== lengthsOf(place)) return false;
    const known = this.#bytes.view;
    let knownAt = this.#facts[2 * number] ?? 0;
    let at = place.start;
    for (; at + 4 <= place.end; at += 4, knownAt += 4) {
      if (view.getInt32(at, true) !== known.getInt32(knownAt, true)) return false;
    }
    for (; at < place.end; at++, knownAt++) {
      if (view.getUint8(at) !== known.getUint8(knownAt)) return false;
    }
    return true;
  }

  /** `false`: there is no room near the hash's place. */
  #enter(hash: number, number: number): boolean {
    const index = this.#index;
    const mask = index.length - 1;
    let at = (hash << 1) & mask;
    for (let probe = 0; probe < probesMax; probe += 1) {
      if (index[at + 1] === 0) {
        index[at] = hash;
        index[at + 1] = number + 1;
        return true;
      }
      at = (at + 2) & mask;
    }
    return false;
  }

  #growIndex(): void {
    const before = this.#index;
    this.#index = new Int32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2) {
      const number = before[at + 1] ?? 0;
      if (number !== 0) this.#enter(before[at] ?? 0, number - 1);
    }
  }

  #growBytes(): void {
    const { bytes } = this.#bytes;
    const grown = byteWindow(Buffer.allocUnsafeSlow(2 * bytes.length));
    bytes.copy(grown.bytes, 0, 0, this.#bytesUsed);
    this.#bytes = grown;
  }
}

function lengthsOf({ start, topicAt, end }: NamesPlace): number {
  return (end - start) * 0x1_0000 + (topicAt - start);
}

function doubled(old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * old.length);
  larger.set(old);
  return larger;
}
