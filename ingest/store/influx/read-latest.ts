import type { LatestValue } from "../store.ts";
import { levelNames } from "./influx-config.ts";
import type { InfluxHttp } from "./influx-http.ts";
import { byName, numberAt, runQueries } from "./influx-query.ts";
import { decodeName, encodeName, valueField } from "./names.ts";
import { whereKitchen } from "./points.ts";

interface Field {
  reading: string;
  /** Encoded. */
  field: string;
}

/**
 * Of each series the newest value without a flag. Where its raw row is gone the newest minute or
 * hour tells it, with the time at which that began.
 */
export async function readLatest(http: InfluxHttp, sppgId: string): Promise<LatestValue[]> {
  const found = new Map<string, LatestValue>();
  const answers = await Promise.all(
    levelNames.map(async (level) => {
      const fields = await readFields(http, level);
      const statements = fields.map(({ reading, field }) => {
        const column = byName(level === "raw" ? field : `${field}_last`);
        const from = byName(encodeName(reading));
        const where = `WHERE ${whereKitchen(sppgId)} GROUP BY "deviceId", "channel"`;
        return `SELECT last(${column}) FROM ${from} ${where}`;
      });
      return { fields, answers: await runQueries(http, statements, { level, isMs: true }) };
    }),
  );
  for (const { fields, answers: ofLevel } of answers) {
    for (const [at, { reading, field }] of fields.entries()) {
      for (const { tags, values } of ofLevel[at] ?? []) {
        const eventTimeMs = numberAt(values[0] ?? [], 0);
        const value = numberAt(values[0] ?? [], 1);
        if (eventTimeMs === null || value === null) continue;
        const { deviceId = "", channel = "" } = tags;
        const latest = { deviceId, channel, reading, field: decodeName(field) };
        const key = keyOf(latest);
        // Raw rows come first, and are as new as any sum of them.
        if (!found.has(key)) found.set(key, { ...latest, value, eventTimeMs });
      }
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, latest]) => latest);
}

/** Fields with values that no flag concerns, of every reading. */
async function readFields(http: InfluxHttp, level: (typeof levelNames)[number]): Promise<Field[]> {
  const [rows = []] = await runQueries(http, ["SHOW FIELD KEYS"], { level });
  return rows.flatMap(({ measurement, values }) =>
    values.flatMap(([key, type]) => {
      const field = type === "string" || type === "boolean" ? null : fieldOf(String(key), level);
      return field === null ? [] : [{ reading: decodeName(measurement), field }];
    }),
  );
}

function fieldOf(key: string, level: (typeof levelNames)[number]): string | null {
  if (level !== "raw") return key.endsWith("_last") ? key.slice(0, -"_last".length) : null;
  const value = valueField(key);
  return value === null || value.isFlagged ? null : value.field;
}

/** In the order that the answer has: no name holds a character below the separator. */
function keyOf({ deviceId, channel, reading, field }: Omit<LatestValue, "value" | "eventTimeMs">) {
  return [deviceId, channel, reading, field].join("\u0000");
}
