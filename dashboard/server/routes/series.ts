import type { FastifyReply } from "fastify";
import { eventTimeWindow, findReadingType, type ReadingName } from "../../../devices/index.ts";
import type { SeriesQuery } from "../../../ingest/index.ts";
import { sendProblem } from "../problems.ts";
import type { Api } from "./route.ts";

/** Longer than any retention; and 5,000 buckets of the widest kind cover more. */
const rangeMsMax = 10 * 366 * 86_400_000;
const rangeMsDefault = 86_400_000;

interface RangeQuery {
  from?: number | undefined;
  to?: number | undefined;
}

interface SeriesInput extends RangeQuery {
  device: string;
  channel: string;
  reading: ReadingName;
  field?: string | undefined;
}

export interface Range {
  fromMs: number;
  toMs: number;
}

export interface Series extends SeriesQuery, Range {
  reading: ReadingName;
  unit: string;
}

interface Issue {
  path: string;
  message: string;
}

export type Checked<Value> = { value: Value } | { issues: Issue[] };

/** What one parameter alone can't say: the range as a whole, and names that only Nadi knows. */
export async function checkSeries(
  api: Api,
  sppgId: string,
  query: SeriesInput,
): Promise<Checked<Series>> {
  const { device: deviceId, channel, reading } = query;
  const range = checkRange(api, query);
  const issues = "issues" in range ? range.issues : [];
  const type = findReadingType(reading);
  const field = query.field ?? type?.primaryField ?? "";
  const facts = type !== null && Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
  if (facts === undefined) {
    const known = Object.keys(type?.fields ?? {}).join(", ");
    issues.push({ path: "query.field", message: `${reading} has ${known}` });
  }
  issues.push(...(await checkDevice(api, sppgId, deviceId)));
  if (issues.length > 0 || "issues" in range || facts === undefined) return { issues };
  return { value: { sppgId, deviceId, channel, reading, field, unit: facts.unit, ...range.value } };
}

export async function checkDevice(api: Api, sppgId: string, deviceId: string): Promise<Issue[]> {
  if (await api.kitchens.hasDevice(sppgId, deviceId)) return [];
  return [{ path: "query.device", message: "the kitchen has no such device" }];
}

export function checkRange(api: Api, query: RangeQuery): Checked<Range> {
  // As far as a device's clock may be ahead and still be believed.
  const toMs = query.to ?? api.clock.wallMs() + eventTimeWindow.futureMs;
  const fromMs = query.from ?? Math.max(0, toMs - rangeMsDefault);
  if (fromMs >= toMs) {
    return { issues: [{ path: "query.from", message: "must be before `to`" }] };
  }
  if (toMs - fromMs > rangeMsMax) {
    return { issues: [{ path: "query.from", message: "must be within ten years before `to`" }] };
  }
  return { value: { fromMs, toMs } };
}

export function refuseInput(reply: FastifyReply, issues: Issue[]): FastifyReply {
  return sendProblem(reply, "DASHBOARD_INPUT_INVALID", { issues });
}
