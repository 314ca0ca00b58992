import { finished, Readable } from "node:stream";
import { bucketsDefault, fixesDefault } from "../../contract/index.ts";
import { bucketLines, csvFileName, rawLines } from "../csv.ts";
import { flushOrGiveUp } from "../ingest-flush.ts";
import { type Api, route } from "./route.ts";
import { checkDevice, checkRange, checkSeries, refuseInput } from "./series.ts";

export function registerHistoryRoutes(api: Api): void {
  registerReadings(api);
  registerExport(api);
  registerTrack(api);
}

function registerReadings(api: Api): void {
  const { services, heavyReads } = api;
  route(api, "readReadings", async ({ kitchen, query, session, request, reply }) => {
    const { sppgId } = kitchen;
    const checked = await checkSeries(api, sppgId, query);
    if ("issues" in checked) return refuseInput(reply, checked.issues);
    const series = checked.value;
    const end = heavyReads.begin(session.sessionId, "read");
    try {
      const isDegraded = await flushOrGiveUp(services.ingest, { sppgId, log: request.log });
      const pointsMax = query.points ?? bucketsDefault;
      const { widthMs, buckets } = await services.history.buckets({ ...series, pointsMax });
      const { deviceId, channel, reading, field, unit, fromMs, toMs } = series;
      const what = { deviceId, channel, reading, field, unit, fromMs, toMs };
      return { ...what, widthMs, buckets, isDegraded };
    } finally {
      end();
    }
  });
}

function registerExport(api: Api): void {
  const { services, heavyReads } = api;
  route(api, "exportReadings", async ({ kitchen, query, session, request, reply }) => {
    const { sppgId } = kitchen;
    const checked = await checkSeries(api, sppgId, query);
    if ("issues" in checked) return refuseInput(reply, checked.issues);
    const series = checked.value;
    const end = heavyReads.begin(session.sessionId, "export");
    // Also when the reader goes away half-way.
    finished(reply.raw, end);
    try {
      const isDegraded = await flushOrGiveUp(services.ingest, { sppgId, log: request.log });
      const style = { timeZone: kitchen.timeZone, decimal: query.decimal, unit: series.unit };
      const lines =
        query.points === undefined
          ? rawLines({ ...services, turn: () => heavyReads.turn() }, series, style)
          : bucketLines(services.history, { ...series, pointsMax: query.points }, style);
      // The first part before the status: what the store refuses is still a problem document.
      const first = await lines.next();
      reply.type("text/csv; charset=utf-8");
      reply.header("content-disposition", `attachment; filename="${csvFileName(series)}"`);
      if (isDegraded) reply.header("nadi-degraded", "true");
      return reply.send(Readable.from(startingWith(first, lines)));
    } catch (error) {
      end();
      throw error;
    }
  });
}

/** Pulled as fast as the reader reads: a slow one holds one page in memory and no more. */
async function* startingWith(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void>,
): AsyncGenerator<string> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

function registerTrack(api: Api): void {
  const { services, heavyReads } = api;
  route(api, "readTrack", async ({ kitchen, query, session, request, reply }) => {
    const { sppgId } = kitchen;
    const { device: deviceId, channel, limit = fixesDefault } = query;
    const range = checkRange(api, query);
    const issues = await checkDevice(api, sppgId, deviceId);
    if ("issues" in range) return refuseInput(reply, [...range.issues, ...issues]);
    if (issues.length > 0) return refuseInput(reply, issues);
    const end = heavyReads.begin(session.sessionId, "read");
    try {
      const isDegraded = await flushOrGiveUp(services.ingest, { sppgId, log: request.log });
      const asked = { sppgId, deviceId, channel, ...range.value, fixesMax: limit + 1 };
      const fixes = await services.history.track(asked);
      const isCut = fixes.length > limit;
      return { deviceId, ...range.value, fixes: fixes.slice(0, limit), isCut, isDegraded };
    } finally {
      end();
    }
  });
}
