import { DatabaseSync } from "node:sqlite";
import { listFiles } from "../../../ingest/store/files.ts";

/** Minutes of a day file that are not what its raw rows say; empty when all is right. */
export function findWrongMinutes(directory: string): string[] {
  return listFiles(directory).days.flatMap(({ path }) => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const rolled = Number(database.prepare("SELECT minute FROM rolled").get()?.["minute"]);
      const counted = database.prepare(recount).all(rolled);
      const kept = database.prepare(written).all(rolled);
      const [a, b] = [counted, kept].map((rows) => rows.map((row) => JSON.stringify(row)));
      const difference = (b ?? []).filter((row, at) => row !== a?.[at]);
      if (counted.length !== kept.length) difference.push(`${kept.length} of ${counted.length}`);
      return difference.map((row) => `${path}: ${row}`);
    } finally {
      database.close();
    }
  });
}

export function countRaw(directory: string): number {
  return listFiles(directory).days.reduce((sum, { path }) => {
    const database = new DatabaseSync(path, { readOnly: true });
    const count = Number(database.prepare("SELECT count(*) AS count FROM raw").get()?.["count"]);
    database.close();
    return sum + count;
  }, 0);
}

/** Written another way than the store does it: windows over all raw rows. */
const recount = `
  WITH placed AS (
    SELECT *, second / 60 AS minute, row_number() OVER (
      PARTITION BY second / 60, series, flags = 0 ORDER BY second DESC, ms DESC, seq DESC, idx DESC
    ) AS fromEnd FROM raw)
  SELECT minute, series, sum(flags = 0) AS count, sum(flags <> 0) AS flagged,
    round(coalesce(sum(value) FILTER (WHERE flags = 0), 0), 6) AS sum,
    min(value) FILTER (WHERE flags = 0) AS min, max(value) FILTER (WHERE flags = 0) AS max,
    max(value) FILTER (WHERE flags = 0 AND fromEnd = 1) AS last
  FROM placed WHERE minute < ? GROUP BY minute, series ORDER BY minute, series`;

const written = `
  SELECT minute, series, count, flagged, round(sum, 6) AS sum, min, max, last
  FROM minutes WHERE minute < ? ORDER BY minute, series`;
