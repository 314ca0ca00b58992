import type { FastifyReply, FastifyRequest } from "fastify";
import type { AlertRow } from "../../../ingest/index.ts";
import type { PersonSession } from "../people/live-session.ts";
import { notFound } from "../problems.ts";
import { etagOf, ifMatchOf, stale } from "../versions.ts";
import { onceOnly } from "./once-only.ts";
import { linkNext } from "./paging.ts";
import { type Api, route } from "./route.ts";
import { refuseInput } from "./series.ts";

const alertsDefault = 100;

export function registerAlertRoutes(api: Api): void {
  registerAlertReads(api);
  registerAlertActions(api);
}

function registerAlertReads(api: Api): void {
  const { desk } = api.services;
  route(api, "listAlerts", async ({ kitchen, query, session, request, reply }) => {
    const { state, severity, from: fromMs, to: toMs, limit = alertsDefault } = query;
    const before = query.cursor === undefined ? undefined : parseCursor(query.cursor);
    if (before === null) {
      return refuseInput(reply, [{ path: "query.cursor", message: "is none of ours" }]);
    }
    const filter = { sppgId: kitchen.sppgId, state, severity, fromMs, toMs };
    const rows = await desk.listAlerts({ ...filter, before, limit: limit + 1 });
    const alerts = rows.slice(0, limit);
    const last = rows.length > limit ? alerts.at(-1) : undefined;
    const nextCursor = last === undefined ? null : formatCursor(last);
    if (nextCursor !== null) linkNext(request, reply, nextCursor);
    return { alerts: alerts.map((alert) => describeAlert(session, alert)), nextCursor };
  });
  route(api, "readAlert", async ({ kitchen, params, session, reply }) => {
    const alert = await desk.findAlert(kitchen.sppgId, params.alertId);
    if (alert === null) throw notFound();
    return withTag(reply, describeAlert(session, alert));
  });
}

/** Whoever passes a wall reads it: what is the matter, not who acted, nor what they wrote. */
export function describeAlert({ role }: Pick<PersonSession, "role">, alert: AlertRow): AlertRow {
  if (role !== "kiosk") return alert;
  return { ...alert, acknowledgedBy: null, note: null, correctiveAction: null };
}

function registerAlertActions(api: Api): void {
  const { desk } = api.services;
  route(api, "acknowledgeAlert", async (call) => {
    const { kitchen, params, body, session, request, reply } = call;
    const target = { sppgId: kitchen.sppgId, alertId: params.alertId };
    const by = { email: session.userId, address: request.ip };
    const answer = await onceOnly(api, { ...call, name: "acknowledgeAlert" }, async () => {
      await checkVersion(api, target, request);
      return desk.acknowledgeAlert({ ...target, note: body.note ?? null }, by);
    });
    return withTag(reply, answer);
  });
  route(api, "resolveAlert", async (call) => {
    const { kitchen, params, body, session, request, reply } = call;
    const target = { sppgId: kitchen.sppgId, alertId: params.alertId };
    const by = { email: session.userId, address: request.ip };
    const { note = null, correctiveAction = null } = body;
    const answer = await onceOnly(api, { ...call, name: "resolveAlert" }, async () => {
      await checkVersion(api, target, request);
      return desk.resolveAlert({ ...target, note, correctiveAction }, by);
    });
    return withTag(reply, answer);
  });
}

function withTag<Alert extends Pick<AlertRow, "changeCount">>(
  reply: FastifyReply,
  alert: Alert,
): Alert {
  reply.header("etag", etagOf(alert.changeCount));
  return alert;
}

/**
 * For whoever wants to act only on what they have seen. A change that comes between this and the
 * act does no harm: what one person did is never overwritten by another.
 */
async function checkVersion(
  api: Api,
  target: { sppgId: string; alertId: string },
  request: FastifyRequest,
): Promise<void> {
  const expected = ifMatchOf(request);
  if (expected === null) return;
  const alert = await api.services.desk.findAlert(target.sppgId, target.alertId);
  if (alert === null) throw notFound();
  if (expected !== "*" && expected !== alert.changeCount) throw stale();
}

interface Place {
  openedAtMs: number;
  alertId: string;
}

/** Opaque to callers: where the page before has ended. */
function formatCursor({ openedAtMs, alertId }: Place): string {
  return Buffer.from(`${openedAtMs}.${alertId}`).toString("base64url");
}

function parseCursor(text: string): Place | null {
  const plain = Buffer.from(text, "base64url").toString();
  const match = /^(\d{1,15})\.([A-Za-z0-9_.:-]{1,64})$/.exec(plain);
  if (match === null) return null;
  const [, openedAtMs, alertId = ""] = match;
  return { openedAtMs: Number(openedAtMs), alertId };
}
