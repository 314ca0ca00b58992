/**
 * How fast the monitor folds when nothing alerts, and what a series costs:
 * `node --expose-gc tests/bench/monitor.ts`.
 */
import type { DecodedEntry, JournaledReading } from "../../ingest/decode/decoded.ts";
import type { Directory, DirectoryDevice } from "../../ingest/decode/directory.ts";
import { createMonitor } from "../../ingest/monitor/create-monitor.ts";
import type { Monitor } from "../../ingest/monitor/monitor.ts";

const startMs = 1_795_300_000_000;
const seriesCount = 1_000;
const readings = 3_000_000;
/** What the worker folds between two takes of effects and live values. */
const batch = 10_000;
const seriesForMemory = 100_000;

/** A delivery box has two threshold rules of the defaults, and the sensor's own. */
const directory: Directory = {
  version: 1,
  timeZone: () => "Asia/Jakarta",
  device: (sppgId, deviceId): DirectoryDevice => ({
    sppgId,
    deviceId,
    kind: "temperature-probe",
    place: "deliveryBox",
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 10,
    createdAtMs: 0,
  }),
  devices: () => [],
  kitchens: () => [],
};

interface Names {
  sppgId: string;
  deviceId: string;
  seriesKey: string;
}

function namesOf(index: number): Names {
  const sppgId = `sppg-bench-${Math.floor(index / 10)}`;
  const deviceId = `probe-${index % 10}`;
  return { sppgId, deviceId, seriesKey: `${sppgId}/${deviceId}/0/temperature` };
}

function entryOf({ sppgId, deviceId, seriesKey }: Names, offset: number): DecodedEntry {
  const receivedTimeMs = startMs + Math.floor(offset / 100);
  const reading: JournaledReading = {
    sppgId,
    deviceId,
    channel: "0",
    reading: "temperature",
    seriesKey,
    eventTimeMs: receivedTimeMs,
    originalTimeMs: receivedTimeMs,
    seq: offset,
    receivedTimeMs,
    offset,
    index: 0,
    fields: { celsius: 70 + (offset % 7) / 10 },
    flags: 0,
    batteryPct: null,
  };
  return {
    kind: "publish",
    sppgId,
    deviceId,
    readings: [reading],
    failures: [],
    offset,
    receivedTimeMs,
  };
}

function start(): Monitor {
  return createMonitor({ directory, rules: [], meta: null, rows: [], replayUpTo: 0 });
}

function measureSpeed(): void {
  const monitor = start();
  const names = Array.from({ length: seriesCount }, (_, index) => namesOf(index));
  let folded = 0;
  let spentMs = 0;
  while (folded < readings) {
    const entries = Array.from({ length: batch }, (_, at) => {
      const offset = folded + at + 1;
      return entryOf(names[offset % seriesCount] ?? namesOf(0), offset);
    });
    const beganMs = performance.now();
    for (const entry of entries) monitor.apply(entry, null);
    monitor.takeLive();
    if (monitor.takeEffects().length > 0) throw new Error("something alerts");
    spentMs += performance.now() - beganMs;
    folded += batch;
  }
  const perSecond = Math.round((folded / spentMs) * 1000);
  console.log(`${perSecond.toLocaleString("en")} readings/s through apply, ${seriesCount} series`);
  monitor.beginCheckpoint();
  const beganMs = performance.now();
  const chars = monitor.takeRows(Infinity).reduce((sum, { body }) => sum + body.length, 0);
  const micros = Math.round(((performance.now() - beganMs) / seriesCount) * 1000);
  console.log(`checkpoint: ${Math.round(chars / seriesCount)} characters, ${micros} µs a series`);
}

function measureMemory(): void {
  const collect = globalThis.gc;
  if (collect === undefined) {
    console.log("memory: not measured, run with --expose-gc");
    return;
  }
  const monitor = start();
  const channels = 10;
  const fold = (index: number, channel: number, offset: number) => {
    const names = namesOf(index);
    const seriesKey = `${names.sppgId}/${names.deviceId}/${channel}/temperature`;
    const entry = entryOf({ ...names, seriesKey }, offset);
    monitor.apply(entry, null);
  };
  collect();
  const before = process.memoryUsage().heapUsed;
  const devices = seriesForMemory / channels;
  for (let offset = 1; offset <= seriesForMemory; offset += 1) {
    fold(offset % devices, Math.floor(offset / devices), offset);
  }
  monitor.takeLive();
  collect();
  const perSeries = (process.memoryUsage().heapUsed - before) / monitor.stats().series;
  console.log(`${Math.round(perSeries)} bytes a series, its device's share included`);
}

measureSpeed();
measureMemory();
