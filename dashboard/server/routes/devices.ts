import type { FastifyRequest } from "fastify";
import {
  CodedError,
  type Device,
  firstTopic,
  formatPrincipal,
  type IssuedSecret,
} from "../../../devices/index.ts";
import type { ActionLimits, ActionRate } from "../action-limits.ts";
import { describeDoor } from "../mqtt-door.ts";
import type { PersonSession } from "../people/live-session.ts";
import { notFound } from "../problems.ts";
import { etagOf, expectedVersionOf, stale } from "../versions.ts";
import { onceOnly } from "./once-only.ts";
import { type Api, route } from "./route.ts";
import { refuseInput } from "./series.ts";

/** A kitchen's devices may all be added by a script of its operator, and go on from there. */
const changeRate: ActionRate = { burst: 120, perMinute: 60 };

export function registerDeviceRoutes(api: Api, limits: ActionLimits): void {
  registerReads(api);
  registerChanges(api, limits);
  registerLoginChanges(api, limits);
}

function registerReads(api: Api): void {
  const { registry, ingest, desk, edge } = api.services;
  route(api, "listDevices", async ({ kitchen }) => {
    const devices = await registry.listDevices(kitchen.sppgId);
    return { devices: devices.map(describeDevice) };
  });
  route(api, "readDeviceStatus", async ({ kitchen, request }) => {
    const { sppgId } = kitchen;
    const [devices, snapshot, letters, children] = await Promise.all([
      api.kitchens.devices(sppgId),
      ingest.snapshot(sppgId),
      desk.countDeadLetters(sppgId),
      desk.listUnknownChildren(sppgId),
    ]);
    const heard = new Map(snapshot.devices.map((one) => [one.deviceId, one]));
    const counted = new Map(letters.map((one) => [one.deviceId, one]));
    const present = new Map(edge.presenceOf(sppgId).map((one) => [one.deviceId, one]));
    const gatewayOf = new Map(devices.map((one) => [one.deviceId, one.gatewayId]));
    return {
      statuses: devices.map(({ deviceId }) => {
        const traffic = heard.get(deviceId);
        const { total = 0, kept = 0, newestAtMs = null } = counted.get(deviceId) ?? {};
        const presence = present.get(deviceId);
        return {
          deviceId,
          receivedTimeMs: traffic?.receivedTimeMs ?? null,
          eventTimeMs: traffic?.eventTimeMs ?? null,
          presence:
            presence === undefined
              ? null
              : { isOnline: presence.online, sinceMs: presence.sinceMs },
          batteryPct: traffic?.batteryPct ?? null,
          messagesPerMinute: traffic?.messagesPerMinute ?? null,
          deadLetters: { total, kept, newestAtMs },
        };
      }),
      unknownChildren: children.filter(
        ({ gatewayId, childId }) => gatewayOf.get(childId) !== gatewayId,
      ),
      mqtt: describeDoor(edge.mqtt(), request),
    };
  });
}

/** Each change is answered when the broker has followed it: a new login works as it is read. */
function registerChanges(api: Api, limits: ActionLimits): void {
  const { registry, changes } = api.services;
  route(api, "addDevice", async (call) => {
    const { kitchen, body, session, request, reply } = call;
    limits.spend(`devices ${session.sessionId}`, changeRate);
    const input = { sppgId: kitchen.sppgId, ...body };
    try {
      const answer = await onceOnly(api, { ...call, name: "addDevice" }, async () => {
        const added = await registry.addDevice(input, actorOf(session), request.ip);
        await changes.poke();
        return { device: describeDevice(added.device), login: describeLogin(added.secret) };
      });
      reply.header("etag", etagOf(answer.device.version));
      return answer;
    } catch (error) {
      // A 404 would say that there is no such address.
      if (!isCode(error, "REGISTRY_GATEWAY_UNKNOWN")) throw error;
      const message = "is no gateway of this kitchen: add it first, with the kind gateway";
      return refuseInput(reply, [{ path: "body.gatewayId", message }]);
    }
  });
  route(api, "editDevice", async ({ kitchen, params, body, session, request, reply }) => {
    limits.spend(`devices ${session.sessionId}`, changeRate);
    const { expectedVersion: inBody, ...wanted } = body;
    const expectedVersion = expectedVersionOf(request, inBody);
    const { deviceId } = params;
    const edit = { sppgId: kitchen.sppgId, deviceId, expectedVersion, ...wanted };
    try {
      const device = await registry.editDevice(edit, actorOf(session), request.ip);
      await changes.poke();
      reply.header("etag", etagOf(device.version));
      return describeDevice(device);
    } catch (error) {
      throw isConflictByHeader(error, request) ? stale() : error;
    }
  });
}

function registerLoginChanges(api: Api, limits: ActionLimits): void {
  const { registry, changes } = api.services;
  route(api, "rotateDevice", async (call) => {
    const { kitchen, params, body, session, request } = call;
    limits.spend(`devices ${session.sessionId}`, changeRate);
    const ids = { sppgId: kitchen.sppgId, deviceId: params.deviceId };
    return onceOnly(api, { ...call, name: "rotateDevice" }, async () => {
      const secret = await registry.rotateDevice({ ...ids, ...body }, actorOf(session), request.ip);
      await changes.poke();
      return { device: await findDevice(api, ids), login: describeLogin(secret) };
    });
  });
  route(api, "revokeDevice", async ({ kitchen, params, session, request }) => {
    limits.spend(`devices ${session.sessionId}`, changeRate);
    const ids = { sppgId: kitchen.sppgId, deviceId: params.deviceId };
    await registry.revokeDevice(ids, actorOf(session), request.ip);
    await changes.poke();
    return findDevice(api, ids);
  });
  route(api, "enableDevice", async (call) => {
    const { kitchen, params, session, request } = call;
    limits.spend(`devices ${session.sessionId}`, changeRate);
    const ids = { sppgId: kitchen.sppgId, deviceId: params.deviceId };
    return onceOnly(api, { ...call, name: "enableDevice" }, async () => {
      const secret = await registry.enableDevice(ids, actorOf(session), request.ip);
      await changes.poke();
      return { device: await findDevice(api, ids), login: describeLogin(secret) };
    });
  });
}

/** Named one by one: what the registry learns later is not told to everybody by itself. */
export function describeDevice(device: Device) {
  const { deviceId, name, kind, place, codec, gatewayId, enabled } = device;
  const { expectedIntervalSeconds, createdAtMs, version } = device;
  return {
    deviceId,
    name,
    kind,
    place,
    codec,
    gatewayId,
    enabled,
    expectedIntervalSeconds,
    createdAtMs,
    version,
  };
}

/** From the records, since the directory hears of a change a moment later. */
async function findDevice(api: Api, ids: { sppgId: string; deviceId: string }) {
  const devices = await api.services.registry.listDevices(ids.sppgId);
  const device = devices.find(({ deviceId }) => deviceId === ids.deviceId);
  if (device === undefined) throw notFound();
  return describeDevice(device);
}

function describeLogin({ sppgId, deviceId, kind, secret }: IssuedSecret) {
  const username = formatPrincipal(sppgId, deviceId);
  const topic = firstTopic({ sppgId, deviceId, kind });
  return { sppgId, deviceId, clientId: username, username, password: secret, topic };
}

function actorOf(session: PersonSession): string {
  return `user:${session.userId}`;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof CodedError && error.code === code;
}

/** Who asked by If-Match is answered as RFC 9110 section 13.1.1 says. */
function isConflictByHeader(error: unknown, request: FastifyRequest): boolean {
  const isAsked = request.headers["if-match"] !== undefined;
  return isAsked && isCode(error, "REGISTRY_DEVICE_CONFLICT");
}
