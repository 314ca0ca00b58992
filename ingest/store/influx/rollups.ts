import type { InfluxHttp } from "./influx-http.ts";
import type { InfluxPart, LevelName } from "./influx-config.ts";
import { byName, parseTime, runQueries } from "./influx-query.ts";
import type { Series } from "./lines.ts";
import { decodeName, encodeName, valueField } from "./names.ts";
import {
  hourLevel,
  type LevelPlan,
  minuteLevel,
  rollStretches,
  type Stretch,
  stretchKitchensMax,
} from "./rollup-level.ts";
import {
  readStates,
  rolledBefore,
  type RolledState,
  stateLine,
  stateMeasurement,
  stateStatement,
} from "./rolled-state.ts";

/** A window is over when readings arrive that were received so much after its end. */
const rollDelayMs = 15_000;

/** When readings of a kitchen happened that no window holds yet. */
interface Span {
  minMs: number;
  maxMs: number;
}

/** What was touched of one level and is not summed up yet. */
interface Touched {
  plan: LevelPlan;
  /** By reading, by kitchen: windows that are not over, or not yet written. */
  open: Map<string, Map<string, Span>>;
  /** Windows that are written already and have got something late: by series. */
  late: Map<string, { series: Series; windows: Set<number> }>;
}

export interface RollupsOptions {
  http: InfluxHttp;
  /** Left out: all kitchens are summed up here. */
  part?: InfluxPart;
  send: (level: LevelName, lines: string[]) => Promise<void>;
  /** Hears of a field that has no sums there, and why. */
  onSkipped: (field: string, detail: string) => void;
}

/**
 * Minutes and hours of each series. Which windows a write touched is held in memory until they are
 * written; the journal's cursor moves behind that for late ones, and a start looks at all windows
 * that were not over when the process before ended.
 */
export class Rollups {
  readonly #http: InfluxHttp;
  readonly #part: InfluxPart | null;
  readonly #send: RollupsOptions["send"];
  readonly #onSkipped: RollupsOptions["onSkipped"];
  readonly #fields = new Map<string, Set<string>>();
  readonly #minutes: Touched = { plan: minuteLevel, open: new Map(), late: new Map() };
  readonly #hours: Touched = { plan: hourLevel, open: new Map(), late: new Map() };
  /** Minutes before it are complete; `null` until it has been read. */
  #rolledMs: number | null = null;

  constructor({ http, part, send, onSkipped }: RollupsOptions) {
    this.#http = http;
    this.#part = part ?? null;
    this.#onSkipped = onSkipped;
    this.#send = send;
  }

  /** Fields of a reading, encoded, as far as anybody has written them. */
  fieldsOf(reading: string): readonly string[] {
    return [...(this.#fields.get(reading) ?? [])];
  }

  /** Before a write: reads what the process before has left. `receivedMs` is the first batch's. */
  async load(receivedMs: number): Promise<void> {
    if (this.#rolledMs !== null) return;
    const [state, keys] = await Promise.all([
      runQueries(this.#http, [stateStatement], { level: "hour", isMs: true }),
      runQueries(this.#http, ["SHOW FIELD KEYS"], { level: "raw" }),
    ]);
    for (const { measurement, values } of keys[0] ?? []) {
      if (measurement === stateMeasurement) continue;
      for (const [key, type] of values) {
        // Others write to this database too: text has no sums.
        const isNumber = type === "float" || type === "integer" || type === "unsigned";
        if (isNumber) this.#addField(decodeName(measurement), String(key));
      }
    }
    const stored = rolledBefore(readStates(state[0] ?? []), this.#isOurs);
    const rolledMs = stored ?? endOfMinutes(receivedMs);
    if (stored !== null) await this.#openSince(rolledMs);
    else await this.#writeState(rolledMs);
    this.#rolledMs = rolledMs;
  }

  /** Kitchens whose newest windows the process before has not written. */
  async #openSince(rolledMs: number): Promise<void> {
    const hourMs = Math.floor(rolledMs / hourLevel.widthMs) * hourLevel.widthMs;
    const readings = [...this.#fields.keys()];
    const newest = await runQueries(
      this.#http,
      readings.flatMap((reading) => {
        const name = byName(encodeName(reading));
        return [
          `SELECT * FROM ${name} WHERE time >= ${hourMs}ms ORDER BY time DESC LIMIT 1`,
          `SHOW TAG VALUES FROM ${name} WITH KEY = "sppgId"`,
        ];
      }),
      { level: "raw" },
    );
    for (const [at, reading] of readings.entries()) {
      const [last] = newest[at * 2] ?? [];
      const time = last?.values[0]?.[last.columns.indexOf("time")];
      if (time === undefined) continue;
      const { ms: maxMs } = parseTime(time);
      for (const row of newest[at * 2 + 1]?.[0]?.values ?? []) {
        const sppgId = decodeName(String(row[1]));
        if (this.#part?.ownsKitchen(sppgId) === false) continue;
        if (maxMs >= rolledMs) open(this.#minutes, { reading, sppgId }, { minMs: rolledMs, maxMs });
        open(this.#hours, { reading, sppgId }, { minMs: hourMs, maxMs });
      }
    }
  }

  /** A reading that is, or was already, stored. */
  touch(series: Series, prefix: string, ms: number): void {
    const rolledMs = this.#rolledMs ?? 0;
    for (const level of [this.#minutes, this.#hours]) {
      const { widthMs } = level.plan;
      const window = Math.floor(ms / widthMs) * widthMs;
      // Hours are whole only when their last minute is.
      if (window + widthMs > rolledMs) open(level, series, { minMs: ms, maxMs: ms });
      else addLate(level, { series, prefix, window });
    }
  }

  addFields(reading: string, names: Iterable<string>): void {
    for (const name of names) this.#addField(reading, encodeName(name));
  }

  #addField(reading: string, key: string): void {
    const field = valueField(key)?.field;
    if (field === undefined) return;
    const known = this.#fields.get(reading);
    if (known === undefined) this.#fields.set(reading, new Set([field]));
    else known.add(field);
  }

  /** Writes the late windows, and those that are over at that received time. */
  async roll(receivedMs: number): Promise<void> {
    const before = this.#rolledMs ?? 0;
    const endMs = Math.max(before, endOfMinutes(receivedMs));
    await this.#rollLevel(this.#minutes, endMs);
    await this.#rollLevel(this.#hours, Math.floor(endMs / hourLevel.widthMs) * hourLevel.widthMs);
    if (endMs === before) return;
    await this.#writeState(endMs);
    this.#rolledMs = endMs;
  }

  async #rollLevel(level: Touched, endMs: number): Promise<void> {
    const late = [...level.late.values()].flatMap(lateStretches(level.plan));
    const over = overStretches(level, endMs);
    await rollStretches([...late, ...over], level.plan, {
      http: this.#http,
      fieldsOf: (reading) => this.fieldsOf(reading),
      send: this.#send,
      onSkipped: this.#onSkipped,
    });
    level.late.clear();
    closeBefore(level, endMs);
  }

  readonly #isOurs = (part: NonNullable<RolledState["part"]>): boolean => {
    const ours = this.#part;
    if (ours === null) return true;
    return part.partition === ours.partition && part.partitions === ours.partitions;
  };

  async #writeState(rolledMs: number): Promise<void> {
    await this.#send("hour", [stateLine({ part: this.#part, rolledMs })]);
  }
}

function endOfMinutes(receivedMs: number): number {
  const { widthMs } = minuteLevel;
  return Math.max(0, Math.floor((receivedMs - rollDelayMs) / widthMs) * widthMs);
}

function open(level: Touched, who: Pick<Series, "reading" | "sppgId">, span: Span): void {
  let kitchens = level.open.get(who.reading);
  if (kitchens === undefined) level.open.set(who.reading, (kitchens = new Map()));
  const known = kitchens.get(who.sppgId);
  if (known === undefined) {
    kitchens.set(who.sppgId, { ...span });
    return;
  }
  known.minMs = Math.min(known.minMs, span.minMs);
  known.maxMs = Math.max(known.maxMs, span.maxMs);
}

function addLate(level: Touched, late: { series: Series; prefix: string; window: number }): void {
  const { series, prefix, window } = late;
  const known = level.late.get(prefix);
  if (known !== undefined) {
    known.windows.add(window);
    return;
  }
  const { sppgId, deviceId, channel, reading } = series;
  const ids = { sppgId, deviceId, channel, reading };
  level.late.set(prefix, { series: ids, windows: new Set([window]) });
}

function lateStretches({ widthMs }: LevelPlan) {
  return ({ series, windows }: { series: Series; windows: Set<number> }): Stretch[] => {
    const stretches: Stretch[] = [];
    for (const fromMs of [...windows].toSorted((a, b) => a - b)) {
      const last = stretches.at(-1);
      if (last?.toMs === fromMs) last.toMs = fromMs + widthMs;
      else {
        const { reading } = series;
        stretches.push({ reading, where: { series }, fromMs, toMs: fromMs + widthMs });
      }
    }
    return stretches;
  };
}

/** Kitchens with something before `endMs`, some at a time. */
function overStretches(level: Touched, endMs: number): Stretch[] {
  const { widthMs } = level.plan;
  const stretches: Stretch[] = [];
  for (const [reading, kitchens] of level.open) {
    const over = [...kitchens].filter(([, { minMs }]) => minMs < endMs);
    for (let first = 0; first < over.length; first += stretchKitchensMax) {
      const some = over.slice(first, first + stretchKitchensMax);
      const minMs = Math.min(...some.map(([, span]) => span.minMs));
      const maxMs = Math.max(...some.map(([, span]) => span.maxMs));
      stretches.push({
        reading,
        where: { sppgIds: some.map(([sppgId]) => sppgId) },
        fromMs: Math.floor(minMs / widthMs) * widthMs,
        toMs: Math.min(endMs, (Math.floor(maxMs / widthMs) + 1) * widthMs),
      });
    }
  }
  return stretches;
}

function closeBefore(level: Touched, endMs: number): void {
  for (const [reading, kitchens] of level.open) {
    for (const [sppgId, span] of kitchens) {
      if (span.maxMs < endMs) kitchens.delete(sppgId);
      else span.minMs = Math.max(span.minMs, endMs);
    }
    if (kitchens.size === 0) level.open.delete(reading);
  }
}
