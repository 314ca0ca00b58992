import { isPersonName, kitchenOfFilter } from "./principal.ts";
import type { Session } from "./session.ts";

export type InterestListener = (sppgId: string, isWatched: boolean) => void;

/** Which kitchens people watch, by the filters of their sessions: nobody else's values are sent. */
export class Interest {
  /** Filters by kitchen. */
  readonly #filters = new Map<string, number>();
  readonly #listeners = new Set<InterestListener>();

  /** Hears each change, and at once what is watched by now; returns its removal. */
  onChange(listener: InterestListener): () => void {
    this.#listeners.add(listener);
    for (const sppgId of this.#filters.keys()) listener(sppgId, true);
    return () => this.#listeners.delete(listener);
  }

  added({ principalName }: Session, filter: string): void {
    if (!isPersonName(principalName)) return;
    const sppgId = kitchenOfFilter(filter);
    const count = this.#filters.get(sppgId) ?? 0;
    this.#filters.set(sppgId, count + 1);
    if (count === 0) this.#tell(sppgId, true);
  }

  removed({ principalName }: Session, filter: string): void {
    if (!isPersonName(principalName)) return;
    const sppgId = kitchenOfFilter(filter);
    const count = this.#filters.get(sppgId) ?? 0;
    if (count > 1) {
      this.#filters.set(sppgId, count - 1);
      return;
    }
    this.#filters.delete(sppgId);
    if (count === 1) this.#tell(sppgId, false);
  }

  #tell(sppgId: string, isWatched: boolean): void {
    for (const listener of this.#listeners) listener(sppgId, isWatched);
  }
}
