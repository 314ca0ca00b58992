import { numberAt, parseTime, runQueries } from "./influx-query.ts";
import type { InfluxHttp } from "./influx-http.ts";
import { type Series, seriesPrefix } from "./lines.ts";
import { newestStatements } from "./points.ts";

/** How far a series has come: what lies behind it is new, and nothing has to be asked. */
export interface Watermark {
  newestMs: number;
  /** Of the readings whose clock nobody believes: the newest time that the device said. */
  newestOriginalMs: number;
}

/** Some 100 bytes each; beyond it all are read again. */
const seriesMax = 500_000;

const nothing: Readonly<Watermark> = {
  newestMs: Number.NEGATIVE_INFINITY,
  newestOriginalMs: Number.NEGATIVE_INFINITY,
};

/** The watermarks of the series that have been written, read from InfluxDB a kitchen at a time. */
export class Watermarks {
  readonly #bySeries = new Map<string, Watermark>();
  /** Kitchens and readings that have been read. */
  readonly #loaded = new Set<string>();

  of(prefix: string): Readonly<Watermark> {
    return this.#bySeries.get(prefix) ?? nothing;
  }

  /** Called when the points are stored: what failed half-way is written again. */
  raise(prefix: string, newest: Partial<Watermark>): void {
    const known = this.#bySeries.get(prefix) ?? { ...nothing };
    known.newestMs = Math.max(known.newestMs, newest.newestMs ?? known.newestMs);
    known.newestOriginalMs = Math.max(
      known.newestOriginalMs,
      newest.newestOriginalMs ?? known.newestOriginalMs,
    );
    this.#bySeries.set(prefix, known);
  }

  async load(http: InfluxHttp, series: Iterable<Series>): Promise<void> {
    if (this.#bySeries.size > seriesMax) {
      this.#bySeries.clear();
      this.#loaded.clear();
    }
    const missing = new Map<string, Pick<Series, "sppgId" | "reading">>();
    for (const { sppgId, reading } of series) {
      const key = `${reading}/${sppgId}`;
      if (!this.#loaded.has(key)) missing.set(key, { sppgId, reading });
    }
    if (missing.size === 0) return;
    const asked = [...missing.values()];
    const answers = await runQueries(http, asked.flatMap(newestStatements), { level: "raw" });
    for (const [at, { reading }] of asked.entries()) {
      for (const { tags, columns, values } of answers[at * 2] ?? []) {
        const time = columns.indexOf("time");
        for (const row of values) {
          this.raise(prefixOf(reading, tags), { newestMs: parseTime(row[time]).ms });
        }
      }
      for (const { tags, values } of answers[at * 2 + 1] ?? []) {
        const newestOriginalMs = numberAt(values[0] ?? [], 1);
        if (newestOriginalMs !== null) this.raise(prefixOf(reading, tags), { newestOriginalMs });
      }
    }
    for (const key of missing.keys()) this.#loaded.add(key);
  }
}

function prefixOf(reading: string, tags: Readonly<Record<string, string>>): string {
  const { sppgId = "", deviceId = "", channel = "" } = tags;
  return seriesPrefix({ sppgId, deviceId, channel, reading });
}
