import type { IngestRecords } from "../desk/desk.ts";
import type { AlertState, EntryRange, Monitor } from "../monitor/monitor.ts";
import type { Effects } from "./effects.ts";

/** A page crosses the port in some ms. */
const alertsPerPage = 500;

export interface SettlementOptions {
  monitor: Pick<Monitor, "unsettled" | "settle" | "takeEffects">;
  effects: Pick<Effects, "add" | "added" | "applied">;
  ports: { records: Pick<IngestRecords, "alertsMovedBetween"> };
}

/**
 * Once the replay of a start is over: tells the monitor which alerts the replayed entries had moved
 * before the end, so that none stays active that nobody watches.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  /** The effects that are to be in the rows first; `null` while the replay goes on. */
  #mark: number | null = null;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** Between two batches; nothing is folded meanwhile. Does its work once, when it can. */
  async step(): Promise<void> {
    const { monitor, effects } = this.#options;
    const range = monitor.unsettled;
    if (range === null) return;
    this.#mark ??= effects.added;
    // Not waited for: the records may be away, and the monitor goes on.
    if (effects.applied < this.#mark) return;
    monitor.settle(await this.#read(range));
    effects.add(monitor.takeEffects());
  }

  async #read(range: EntryRange): Promise<AlertState[]> {
    const { records } = this.#options.ports;
    const alerts: AlertState[] = [];
    for (;;) {
      const after = alerts.at(-1)?.alertId ?? null;
      const page = await records.alertsMovedBetween(range, after, alertsPerPage);
      alerts.push(...page);
      if (page.length < alertsPerPage) return alerts;
    }
  }
}
