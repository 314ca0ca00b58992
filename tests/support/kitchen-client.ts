import path from "node:path";
import type { MqttClient } from "mqtt";
import { nodeFileSystem } from "../../broker/journal/file-system.ts";
import { readJournal } from "../../broker/journal/inspect.ts";
import { telemetryTopic } from "../../devices/index.ts";
import type { AlertRow, Rule, RuleVersion } from "../../ingest/index.ts";
import { type ApiClient, connectDevice, eventually, signInPerson } from "./kitchen.ts";
import type { NadiProcess, Scope } from "./nadi-process.ts";
import { markerId, type PreparedKitchens } from "./prepared-kitchens.ts";

/** Five times the second in which everything that was acknowledged shall be visible. */
export const visibleWithinMs = 5_000;
/** Messages of one device that wait for their PUBACK at a time. */
const windowMax = 200;

export interface Outgoing {
  topicName: string;
  payload: string | Buffer;
}

interface DeadLetters {
  deadLetters: { deviceId: string; reason: string; preview: string; number: number }[];
}

export interface KitchenClient {
  readonly sppgId: string;
  readonly api: ApiClient;
  /** Publishes in order and resolves when all are acknowledged. */
  send(deviceId: string, messages: readonly Outgoing[]): Promise<void>;
  /** The same with Nadi's own JSON, each reading a message. */
  sendReadings(
    deviceId: string,
    readings: readonly object[],
    about?: { childId?: string; reading?: string },
  ): Promise<void>;
  /** Resolves when the monitor's verdict about all that was acknowledged can be read. */
  settled(): Promise<void>;
  /** All of them, resolved ones too, the oldest first. */
  alerts(): Promise<AlertRow[]>;
  deadLetters(deviceId: string): Promise<DeadLetters["deadLetters"]>;
  readings<Body = { buckets: BucketRow[] }>(query: string): Promise<Body>;
}

export interface BucketRow {
  t: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  last: number | null;
  count: number;
  flagged: number;
}

export interface OpenedKitchens {
  nadi: NadiProcess;
  api: ApiClient;
  kitchen(sppgId: string): KitchenClient;
}

/** Signs the operator in; devices connect when they first send. */
export async function openKitchens(
  scope: Scope,
  nadi: NadiProcess,
  prepared: PreparedKitchens,
): Promise<OpenedKitchens> {
  const api = await signInPerson(nadi.httpUrl, prepared.operator);
  return { nadi, api, kitchen: (sppgId) => openKitchen(scope, { nadi, prepared, api }, sppgId) };
}

let markers = 0;

function openKitchen(
  scope: Scope,
  { nadi, prepared, api }: { nadi: NadiProcess; prepared: PreparedKitchens; api: ApiClient },
  sppgId: string,
): KitchenClient {
  const connections = new Map<string, Promise<MqttClient>>();
  const connection = (deviceId: string): Promise<MqttClient> => {
    const known = connections.get(deviceId);
    if (known !== undefined) return known;
    const made = connectDevice(scope, nadi, prepared.login(sppgId, deviceId));
    connections.set(deviceId, made);
    return made;
  };
  const base = `/api/kitchens/${sppgId}`;

  async function send(deviceId: string, messages: readonly Outgoing[]): Promise<void> {
    const client = await connection(deviceId);
    for (let at = 0; at < messages.length; at += windowMax) {
      await Promise.all(
        messages
          .slice(at, at + windowMax)
          .map(({ topicName, payload }) => client.publishAsync(topicName, payload, { qos: 1 })),
      );
    }
  }

  async function deadLetters(deviceId: string): Promise<DeadLetters["deadLetters"]> {
    const query = `device=${deviceId}&limit=500`;
    return (await api.get<DeadLetters>(`${base}/dead-letters?${query}`)).deadLetters;
  }

  return {
    sppgId,
    api,
    send,
    deadLetters,
    sendReadings(deviceId, readings, { childId, reading = "temperature" } = {}) {
      const ids = childId === undefined ? { sppgId, deviceId } : { sppgId, deviceId, childId };
      const topicName = telemetryTopic(ids, reading);
      return send(
        deviceId,
        readings.map((one) => ({ topicName, payload: JSON.stringify(one) })),
      );
    },
    async settled() {
      // Effects are applied in the order of the journal, so that this one is behind all others.
      markers += 1;
      const payload = `settled ${process.pid} ${markers}`;
      const topicName = telemetryTopic({ sppgId, deviceId: markerId }, "temperature");
      await send(markerId, [{ topicName, payload }]);
      await eventually(
        () => deadLetters(markerId),
        (letters) => letters.some(({ preview }) => preview === payload),
        visibleWithinMs * 4,
      );
    },
    async alerts() {
      const answer = await api.get<{ alerts: AlertRow[] }>(`${base}/alerts?state=all&limit=500`);
      return answer.alerts
        .filter(({ deviceId }) => deviceId !== markerId)
        .toSorted((a, b) => a.openedAtMs - b.openedAtMs);
    },
    readings: (query) => api.get(`${base}/readings?${query}`),
  };
}

/** Puts rules of the kitchen's own through the API; resolves when the monitor judges by them. */
export async function putRules(
  opened: OpenedKitchens,
  place: { dataDir: string; sppgId: string },
  rules: readonly Rule[],
): Promise<RuleVersion[]> {
  const base = `/api/kitchens/${place.sppgId}/rules`;
  const { rules: known } = await opened.api.get<{ rules: RuleVersion[] }>(base);
  const saved: RuleVersion[] = [];
  for (const rule of rules) {
    const before = known.find(({ key }) => key === rule.key);
    const response = await opened.api.request(`${base}/${rule.key}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rule, expectedVersion: before?.version ?? 0 }),
    });
    if (!response.ok) throw new Error(`${rule.key}: ${response.status} ${await response.text()}`);
    // The contract's own shape.
    saved.push((await response.json()) as RuleVersion);
  }
  const lastSeq = Math.max(...saved.map(({ changeSeq }) => changeSeq));
  // What is published from here on stands behind the change.
  await eventually(
    () => lastChangeSeq(place.dataDir),
    (seq) => seq >= lastSeq,
    visibleWithinMs,
  );
  return saved;
}

async function lastChangeSeq(dataDir: string): Promise<number> {
  const folder = { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
  let last = 0;
  for await (const entry of readJournal(folder, { fromOffset: 1, entriesMax: Infinity })) {
    if (entry.kind === "change") last = Math.max(last, entry.changeSeq);
  }
  return last;
}
