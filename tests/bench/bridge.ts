/**
 * What people write by hand between a broker and a database: mqtt.js subscribes, `JSON.parse`,
 * batches into a store, here Nadi's own. `node bridge.ts <port> <folder>`, forked by the bench.
 *
 * mqtt.js acknowledges a message when its handler has returned, so what waits here for the store
 * is known to nobody else: a crash of this process loses it.
 */
import { connectAsync } from "mqtt";
import type { JournaledReading } from "../../ingest/index.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import type { BridgeReply, BridgeRequest } from "./bridge-process.ts";

const batchMax = 16_384;
const batchAgeMs = 100;

const [port, directory = ""] = process.argv.slice(2);
const store = openSqliteStore({ directory });
let pending: JournaledReading[] = [];
let received = 0;
let stored = 0;
let writing: Promise<void> | null = null;

function parse(topicName: string, payload: Buffer): JournaledReading {
  const [, sppgId = "", , deviceId = ""] = topicName.split("/");
  const { ts, seq, celsius } = JSON.parse(payload.toString()) as Record<string, number>;
  received += 1;
  const nowMs = Date.now();
  return {
    sppgId,
    deviceId,
    channel: "0",
    reading: "temperature",
    seriesKey: `${sppgId}/${deviceId}/0/temperature`,
    eventTimeMs: ts ?? nowMs,
    originalTimeMs: ts ?? null,
    seq: seq ?? null,
    receivedTimeMs: nowMs,
    offset: received,
    index: 0,
    fields: { celsius: celsius ?? Number.NaN },
    flags: 0,
    batteryPct: null,
  };
}

async function writeAll(): Promise<void> {
  while (pending.length > 0) {
    const batch = pending.slice(0, batchMax);
    pending = pending.slice(batch.length);
    stored += (await store.write(batch)).stored;
  }
}

function write(): void {
  writing ??= writeAll().finally(() => {
    writing = null;
  });
}

const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: "bridge" });
client.on("message", (topicName, payload) => {
  pending.push(parse(topicName, payload));
  if (pending.length >= batchMax) write();
});
const timer = setInterval(write, batchAgeMs);
await client.subscribeAsync("sppg/+/telemetry/#", { qos: 1 });

async function stop(): Promise<void> {
  clearInterval(timer);
  await client.endAsync();
  write();
  await writing;
  await store.close();
}

async function answer({ number, kind }: BridgeRequest): Promise<void> {
  if (kind === "stop") await stop();
  process.send?.({ number, stored } satisfies BridgeReply);
  if (kind === "stop") process.disconnect?.();
}

process.on("message", (request: BridgeRequest) => void answer(request));
process.on("disconnect", () => process.exit());
process.send?.({ number: 0, stored } satisfies BridgeReply);
