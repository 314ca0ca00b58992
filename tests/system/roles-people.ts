// Who is outside of the processes of `roles-site.ts`: a page, and a device at a chosen broker.
import { connect } from "mqtt";
import { type ApiClient, eventually, mosquittoPub, signInPerson } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import { connectRaw, type RawClient } from "../support/mqtt-wire.ts";
import type { Scope } from "../support/nadi-process.ts";
import { probeId, type RoleProcess, type RolesSite } from "./roles-site.ts";
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

interface Snapshot {
  latest: { deviceId: string }[];
}

/**
 * A reading on its way from a device's socket to every dashboard: live, in history and in the
 * snapshot.
 */
export async function followReading(
  scope: Scope,
  site: RolesSite,
  { sppgId, celsius }: { sppgId: string; celsius: number },
): Promise<void> {
  const filter = `sppg/${sppgId}/production/#`;
  const viewers = await Promise.all(
    site.running("dashboard").map(async (dashboard) => {
      const api = await signInAt(dashboard, site);
      return { api, page: await openPage(scope, dashboard, { api, filter }) };
    }),
  );
  const login = site.prepared.login(sppgId, probeId);
  // Live values are sent at most once, and not of what was there before their reader: sent again.
  const isShownLive = async (): Promise<boolean> => {
    const message = JSON.stringify({ ts: Date.now(), celsius });
    const { code, stderr } = await mosquittoPub(site, login, { message });
    if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${stderr}`);
    return viewers.every(({ page }) => page.heard.some(({ text }) => text.includes(`${celsius}`)));
  };
  await eventually(slowly(isShownLive), Boolean, deadlineMs);
  const kitchen = `/api/kitchens/${sppgId}`;
  const query = `device=${probeId}&reading=temperature&points=1`;
  for (const { api } of viewers) {
    const read = () => api.get<{ buckets: { last: number }[] }>(`${kitchen}/readings?${query}`);
    await eventually(slowly(read), ({ buckets }) => buckets[0]?.last === celsius, deadlineMs);
    const { latest } = await api.get<Snapshot>(`${kitchen}/snapshot`);
    if (!latest.some(({ deviceId }) => deviceId === probeId)) {
      throw new Error(`the snapshot does not know ${probeId}: ${JSON.stringify(latest)}`);
    }
  }
}
