/** Collects what happens within one turn of the loop, and hands it over in parts. */
export class Batch<Item> {
  readonly #itemsMax: number;
  readonly #send: (items: Item[]) => void;
  #items: Item[] = [];
  #isDue = false;

  constructor(itemsMax: number, send: (items: Item[]) => void) {
    this.#itemsMax = itemsMax;
    this.#send = send;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#flush());
  }

  /** What has not been sent is forgotten: it will be told anew. */
  clear(): void {
    this.#items = [];
  }

  #flush(): void {
    this.#isDue = false;
    const items = this.#items;
    this.#items = [];
    for (let from = 0; from < items.length; from += this.#itemsMax) {
      this.#send(items.slice(from, from + this.#itemsMax));
    }
  }
}
