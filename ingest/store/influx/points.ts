import type { Series } from "./lines.ts";
import { byName, byTags, numberAt, parseTime, type Rows, whereSeries } from "./influx-query.ts";
import { encodeName, valueField } from "./names.ts";

/** A stored reading, as its point tells it. */
export interface StoredPoint {
  ms: number;
  /** Its place within the ms: the last six digits of its timestamp. */
  slot: number;
  seq: number;
  index: number;
  flags: number;
  originalMs: number | null;
  originalSeq: number | null;
  /** By encoded name. */
  fields: Map<string, number>;
}

/** `SELECT *` of one series, as points. */
export function toPoints(rows: readonly Rows[]): StoredPoint[] {
  return rows.flatMap(({ columns, values }) => {
    const time = columns.indexOf("time");
    const meta = metaColumns(columns);
    const fields = columns.flatMap((key, column) => {
      const value = valueField(key);
      return value === null ? [] : [{ column, field: value.field }];
    });
    return values.map((row) => {
      const place = toPlace(row, time, meta);
      const point: StoredPoint = {
        ...place,
        flags: numberAt(row, meta.flags) ?? 0,
        originalMs: numberAt(row, meta.originalMs),
        originalSeq: numberAt(row, meta.originalSeq),
        fields: new Map(),
      };
      for (const { column, field } of fields) {
        const value = numberAt(row, column);
        if (value !== null) point.fields.set(field, value);
      }
      return point;
    });
  });
}

type MetaColumns = Record<"seq" | "index" | "flags" | "originalMs" | "originalSeq", number>;

export function metaColumns(columns: readonly string[]): MetaColumns {
  const of = (name: string): number => columns.indexOf(name);
  return {
    seq: of("seq"),
    index: of("index"),
    flags: of("flags"),
    originalMs: of("originalMs"),
    originalSeq: of("originalSeq"),
  };
}

/** What a timestamp tells already is not written again: `seq` is its slot, `index` is 0. */
export function toPlace(
  row: readonly unknown[],
  time: number,
  meta: Pick<MetaColumns, "seq" | "index">,
): Pick<StoredPoint, "ms" | "slot" | "seq" | "index"> {
  const { ms, slot } = parseTime(row[time]);
  const seq = numberAt(row, meta.seq) ?? slot;
  return { ms, slot, seq, index: numberAt(row, meta.index) ?? 0 };
}

/** The newest point, and the newest time that a wrong clock told, of each series of a kitchen. */
export function newestStatements({
  sppgId,
  reading,
}: Pick<Series, "sppgId" | "reading">): string[] {
  const from = `FROM ${byName(encodeName(reading))}`;
  const where = `WHERE ${whereKitchen(sppgId)} GROUP BY ${byTags}`;
  return [
    `SELECT * ${from} ${where} ORDER BY time DESC LIMIT 1`,
    `SELECT max("originalMs") ${from} ${where}`,
  ];
}

export function whereKitchen(sppgId: string): string {
  return whereSeries({ sppgId, deviceId: "-", channel: "-" }).split(" AND ", 1)[0] ?? "";
}
