import { randomUUID } from "node:crypto";
import type { Delivery } from "../../../broker/index.ts";
import { commandTopicPrefix, type Device, deviceRevoked } from "../../../devices/index.ts";
import { commandPayloadBytesMax, type RouteAnswer } from "../../contract/index.ts";
import type { ActionLimits, ActionRate } from "../action-limits.ts";
import { notFound } from "../problems.ts";
import { onceOnly } from "./once-only.ts";
import { type Api, type Call, route } from "./route.ts";
import { refuseInput } from "./series.ts";

/** A person presses a button now and then; a device that is told every second does nothing else. */
const personRate: ActionRate = { burst: 30, perMinute: 60 };
const deviceRate: ActionRate = { burst: 10, perMinute: 20 };

/** As of a device's own payloads. */
const payloadLevelsMax = 16;

type ToldDelivery = RouteAnswer<"sendCommand">["delivery"];

const toldDeliveries = {
  sent: "handed",
  waiting: "waiting",
  dropped: "dropped",
} as const satisfies Record<Delivery, ToldDelivery>;

export function registerCommandRoutes(api: Api, limits: ActionLimits): void {
  route(api, "sendCommand", async (call) => {
    const { kitchen, params, body, session, reply } = call;
    const { sppgId } = kitchen;
    limits.spend(`commands ${session.sessionId}`, personRate);
    limits.spend(`commands ${sppgId}.${params.deviceId}`, deviceRate);
    const payload = encodePayload(body.payload);
    if (payload === null) {
      const message = `must be JSON of at most ${commandPayloadBytesMax} bytes and 16 levels`;
      return refuseInput(reply, [{ path: "body.payload", message }]);
    }
    return onceOnly(api, { ...call, name: "sendCommand" }, async () => {
      const device = await requireEnabled(api, sppgId, params.deviceId);
      return send(api, device, { ...call, payload });
    });
  });
}

type CommandCall = Pick<Call<"sendCommand">, "body" | "session" | "request"> & {
  /** JSON. */
  payload: string;
};

async function send(
  api: Api,
  device: Device,
  call: CommandCall,
): Promise<RouteAnswer<"sendCommand">> {
  const { body, session, request, payload } = call;
  const lifeMs = body.expiresInSeconds * 1_000;
  const commandId = randomUUID();
  const expiresAtMs = api.clock.wallMs() + lifeMs;
  const topic = `${topicPrefix(device)}${body.name}`;
  const delivery = await api.services.edge.command({
    topicName: topic,
    payload: Buffer.from(`{"id":"${commandId}","expiresAt":${expiresAtMs},"payload":${payload}}`),
    expiresAtMs: api.clock.monotonicMs() + lifeMs,
  });
  const told: ToldDelivery = delivery === null ? "nobody" : toldDeliveries[delivery];
  api.services.audit.write({
    atMs: api.clock.wallMs(),
    actor: `user:${session.userId}`,
    action: "device.command",
    sppgId: device.sppgId,
    subject: device.deviceId,
    address: request.ip,
    outcome: told === "handed" || told === "waiting" ? "done" : "failed",
    detail: { commandId, name: body.name, delivery: told, expiresAtMs },
  });
  return { commandId, topic, expiresAtMs, delivery: told };
}

/** From the records: a command to a device that was revoked a moment ago is refused. */
async function requireEnabled(api: Api, sppgId: string, deviceId: string): Promise<Device> {
  const devices = await api.services.registry.listDevices(sppgId);
  const device = devices.find((one) => one.deviceId === deviceId);
  if (device === undefined) throw notFound();
  if (device.enabled) return device;
  throw deviceRevoked({ sppgId, deviceId });
}

/** A gateway listens for its children too, below its own topic. */
function topicPrefix({ sppgId, deviceId, gatewayId }: Device): string {
  if (gatewayId === null) return commandTopicPrefix(sppgId, deviceId);
  return `${commandTopicPrefix(sppgId, gatewayId)}${deviceId}/`;
}

/** `null`: too large, or too deep for a small device. */
function encodePayload(payload: unknown = null): string | null {
  if (!isWithin(payload, payloadLevelsMax)) return null;
  const text = JSON.stringify(payload);
  return Buffer.byteLength(text) <= commandPayloadBytesMax ? text : null;
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1));
}
