import type { InfluxServer } from "../../../support/influx-server.ts";

type Row = Record<string, unknown>;

/** Rows of one statement with their tags, read past the adapter. */
async function rowsOf(server: InfluxServer, bucket: string, statement: string): Promise<Row[]> {
  // The shape of InfluxDB 1.x's answers.
  const answer = (await server.query(statement, bucket)) as {
    results: {
      series?: { tags?: Row; columns: string[]; values: unknown[][] }[];
      error?: string;
    }[];
  };
  const [result] = answer.results;
  if (result?.error !== undefined) throw new Error(result.error);
  return (result?.series ?? []).flatMap(({ tags, columns, values }) =>
    values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((c, at) => [c, row[at]])) })),
  );
}

export async function countReadings(server: InfluxServer, bucket: string): Promise<number> {
  const rows = await rowsOf(server, bucket, `SELECT * FROM "raw"."temperature"`);
  return rows.length;
}

/** Minutes and hours that are not what the raw rows before the limit say; empty: all right. */
export async function findWrongSums(server: InfluxServer, bucket: string): Promise<string[]> {
  const [state] = await rowsOf(server, bucket, `SELECT last(rolledMs) FROM "hour"."nadi_state"`);
  const rolledMs = Number(state?.["last"] ?? 0);
  const raw = await rowsOf(server, bucket, `SELECT * FROM "raw"."temperature"`);
  const wrong: string[] = [];
  for (const [level, widthMs] of [
    ["minute", 60_000],
    ["hour", 3_600_000],
  ] as const) {
    const endMs = Math.floor(rolledMs / widthMs) * widthMs;
    const counted = recount(raw, widthMs, endMs);
    const kept = new Map(
      (await rowsOf(server, bucket, `SELECT * FROM "${level}"."temperature"`)).map((row) => [
        `${String(row["deviceId"])} ${Date.parse(String(row["time"]))}`,
        JSON.stringify([
          row["celsius_count"] ?? 0,
          row["celsius_flagged"] ?? 0,
          row["celsius_min"] ?? null,
          row["celsius_max"] ?? null,
          // Floats may have been added in another order.
          Number(row["celsius_sum"] ?? 0).toFixed(6),
        ]),
      ]),
    );
    for (const key of new Set([...counted.keys(), ...kept.keys()])) {
      if (counted.get(key) === kept.get(key)) continue;
      wrong.push(`${level} ${key}: ${kept.get(key)} instead of ${counted.get(key)}`);
    }
  }
  return wrong;
}

function recount(raw: readonly Row[], widthMs: number, endMs: number): Map<string, string> {
  const groups = new Map<string, { values: number[]; flagged: number }>();
  for (const row of raw) {
    const ms = Date.parse(String(row["time"]).replace(/(\.\d{3})\d+Z$/, "$1Z"));
    if (ms >= endMs) continue;
    const key = `${String(row["deviceId"])} ${ms - (ms % widthMs)}`;
    const group = groups.get(key) ?? { values: [], flagged: 0 };
    groups.set(key, group);
    if (typeof row["celsius"] === "number") group.values.push(row["celsius"]);
    else group.flagged += 1;
  }
  return new Map(
    [...groups].map(([key, { values, flagged }]) => {
      const sum = values.reduce((total, value) => total + value, 0);
      const [min, max] = values.length === 0 ? [null, null] : minMax(values);
      return [key, JSON.stringify([values.length, flagged, min, max, sum.toFixed(6)])];
    }),
  );
}

function minMax(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
