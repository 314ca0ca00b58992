// Who is outside of the processes of `roles-site.ts`: a page, and a device at a chosen broker.
import { connect } from "mqtt";
import { type ApiClient, eventually, signInPerson } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import { connectRaw, type RawClient } from "../support/mqtt-wire.ts";
import type { Scope } from "../support/nadi-process.ts";
import type { RoleProcess, RolesSite } from "./roles-site.ts";
import { slowly } from "./site.ts";

/** What a page has heard over its WebSocket. */
export interface Page {
  heard: { topicName: string; text: string }[];
  isOpen(): boolean;
}

const deadlineMs = 20_000;

export async function until(holds: () => boolean): Promise<void> {
  await eventually(
    slowly(() => Promise.resolve(holds())),
    Boolean,
    deadlineMs,
  );
}

export async function openPage(
  scope: Scope,
  dashboard: RoleProcess,
  { api, filter }: { api: ApiClient; filter: string },
): Promise<Page> {
  const client = connect(`${dashboard.httpUrl.replace("http", "ws")}/mqtt`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    wsOptions: { origin: dashboard.httpUrl, headers: { cookie: api.cookie } },
  });
  scope.onTestFinished(async () => {
    await client.endAsync(true);
  });
  const heard: Page["heard"] = [];
  client.on("message", (topicName, payload) => heard.push({ topicName, text: String(payload) }));
  await until(() => client.connected);
  await client.subscribeAsync(filter, { qos: 1 });
  return { heard, isOpen: () => client.connected };
}

export function signInAt(dashboard: RoleProcess, site: RolesSite): Promise<ApiClient> {
  return signInPerson(dashboard.httpUrl, site.prepared.operator);
}

function accepted({ httpUrl }: RoleProcess): Promise<number> {
  return readMetric(httpUrl, "nadi_mqtt_accepted_total");
}

/** The kernel chooses among the brokers of a port: tried again until it has chosen this one. */
export async function openAt(
  scope: Scope,
  site: RolesSite,
  wanted: RoleProcess,
): Promise<RawClient> {
  const brokers = site.running("broker");
  const count = (): Promise<number[]> => Promise.all(brokers.map(accepted));
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  for (;;) {
    const before = await count();
    const client = await connectRaw({ port: site.mqttPort });
    scope.onTestFinished(() => {
      client.socket.destroy();
    });
    const after = await eventually(count, (counts) => sum(counts) > sum(before), deadlineMs);
    const at = brokers.indexOf(wanted);
    if ((after[at] ?? 0) > (before[at] ?? 0)) return client;
    await client.end();
  }
}

/** A device that has signed in at this broker. */
export async function signInDevice(
  scope: Scope,
  site: RolesSite,
  at: { broker: RoleProcess; sppgId: string; deviceId: string; clientId?: string },
): Promise<RawClient> {
  const login = site.prepared.login(at.sppgId, at.deviceId);
  const client = await openAt(scope, site, at.broker);
  const { returnCode } = await client.connect({
    clientId: at.clientId ?? login.clientId,
    username: login.username,
    password: login.password,
  });
  if (returnCode !== 0) throw new Error(`CONNACK ${returnCode} for ${login.clientId}`);
  return client;
}
