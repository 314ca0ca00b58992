/**
 * Devices that are not heard. All times here are listening time, so that neither Nadi's own absence
 * nor a step of the clock is taken for silence. A device that was never heard is not silent: it is
 * not there yet.
 */
import type { CompiledRule } from "../rules/compile.ts";
import { tellUntold } from "./alert.ts";
import { close, endHold, openOrJoin } from "./episode.ts";
import {
  type Cell,
  type Device,
  type Episode,
  episodeAt,
  type Fold,
  isOpen,
  type Moment,
  type Sample,
} from "./state.ts";

/** The device has sent something, whatever it was. */
export function hear(fold: Fold, device: Device): void {
  if (device.facts?.isEnabled !== true) return;
  const isFirst = device.heardAtMs === null;
  device.heardAtMs = fold.listeningMs;
  if (device.isOff) recover(fold, device);
  else if (isFirst) scheduleDevice(fold, device);
}

/** The publisher itself, after its readings: then children that are still missing are silent. */
export function hearPublisher(fold: Fold, device: Device): void {
  const { cell } = device;
  const isGateway = device.deviceId === cell.key;
  const wasSilent = isGateway && isSilent(device);
  hear(fold, device);
  if (wasSilent && !isSilent(device)) releaseChildren(fold, cell);
  if (isGateway && cell.waiting > 0) openWaiting(fold, cell);
}

function recover(fold: Fold, device: Device): void {
  for (const episode of device.episodes ?? []) {
    if (episode === null) continue;
    setSilence(device, episode, "none");
    endHold(episode, fold.listeningMs);
    if (!isOpen(episode)) continue;
    close(fold, episode, {
      by: "value",
      atMs: fold.receivedTimeMs,
      timeMs: fold.listeningMs,
    });
  }
  device.isOff = false;
  scheduleDevice(fold, device);
}

/** The gateway is back: its children's silence counts from here. */
function releaseChildren(fold: Fold, cell: Cell): void {
  if (cell.devices.size === 1) return;
  cell.recoveredAtMs = fold.listeningMs;
  for (const child of cell.devices.values()) {
    let isOff = false;
    for (const episode of child.episodes ?? []) {
      if (episode === null) continue;
      const { silence } = episode;
      if (silence === "covered" || silence === "waiting") setSilence(child, episode, "none");
      isOff ||= episode.silence !== "none";
    }
    child.isOff = isOff;
    scheduleDevice(fold, child);
  }
}

/** The gateway has been heard after their deadline: it is they who are silent. */
function openWaiting(fold: Fold, cell: Cell): void {
  for (const child of cell.devices.values()) {
    for (const [index, rule] of child.rules.entries()) {
      const episode = child.episodes?.[index] ?? null;
      if (episode?.silence === "waiting") open(fold, child, { rule, episode });
    }
  }
}

function setSilence(device: Device, episode: Episode, silence: Episode["silence"]): void {
  if (episode.silence === "waiting") device.cell.waiting -= 1;
  if (silence === "waiting") device.cell.waiting += 1;
  episode.silence = silence;
}

function isSilent(device: Device): boolean {
  return device.isOff && (device.episodes?.some((one) => one?.silence === "silent") ?? false);
}

/** Since when its silence counts. */
function silentSince({ cell, deviceId, heardAtMs }: Device): number | null {
  if (heardAtMs === null || deviceId === cell.key) return heardAtMs;
  return Math.max(heardAtMs, cell.recoveredAtMs ?? 0);
}

/** When this rule wants to look at the device; an infinity if somebody else will call it. */
function deadlineOf(device: Device, rule: CompiledRule, episode: Episode | null): number {
  const sinceMs = silentSince(device);
  if (sinceMs === null || rule.rule.kind !== "noData") return Number.POSITIVE_INFINITY;
  const silence = episode?.silence ?? "none";
  if (silence === "none") return sinceMs + graceOf(device, rule);
  const isHeld = silence === "silent" && episode !== null && !isOpen(episode);
  return isHeld && episode.heldUntilMs !== null ? episode.heldUntilMs : Number.POSITIVE_INFINITY;
}

function graceOf(device: Device, { rule }: CompiledRule): number {
  if (rule.kind !== "noData") return 0;
  const missedMs = rule.intervalsMissed * (device.facts?.intervalMs ?? 0);
  return Math.round(Math.max(missedMs, rule.graceSeconds * 1000));
}

export function deviceDeadline(device: Device): number {
  let firstMs = Number.POSITIVE_INFINITY;
  for (let index = 0; index < device.rules.length; index += 1) {
    const rule = device.rules[index];
    if (rule === undefined) continue;
    firstMs = Math.min(firstMs, deadlineOf(device, rule, device.episodes?.[index] ?? null));
  }
  return firstMs;
}

export function cellDeadline(cell: Cell): number {
  let firstMs = cell.tellAtMs ?? Number.POSITIVE_INFINITY;
  for (const device of cell.devices.values()) firstMs = Math.min(firstMs, deviceDeadline(device));
  return firstMs;
}

export function scheduleDevice(fold: Fold, device: Device): void {
  fold.schedule(device.cell, deviceDeadline(device));
}

/** Does what was due in a cell at `atMs`; the gateway goes first, since its verdict counts. */
export function fireCell(fold: Fold, cell: Cell, atMs: number): void {
  if (cell.tellAtMs !== null && cell.tellAtMs <= atMs) tellCell(fold, cell);
  const gateway = cell.devices.get(cell.key);
  if (gateway !== undefined) fireDevice(fold, gateway, atMs);
  for (const device of cell.devices.values()) {
    if (device !== gateway) fireDevice(fold, device, atMs);
  }
}

function tellCell(fold: Fold, cell: Cell): void {
  cell.tellAtMs = null;
  for (const device of cell.devices.values()) {
    for (const series of device.series.values()) {
      for (const episode of series.episodes ?? []) {
        if (episode !== null) tellUntold(fold, episode);
      }
    }
  }
}

function fireDevice(fold: Fold, device: Device, atMs: number): void {
  for (const [index, rule] of device.rules.entries()) {
    const known = device.episodes?.[index] ?? null;
    const deadlineMs = deadlineOf(device, rule, known);
    if (deadlineMs > atMs) continue;
    const episode = episodeAt(device, index);
    const verdict = episode.silence === "silent" ? "silent" : verdictOf(device, deadlineMs);
    device.isOff = true;
    if (verdict === "silent") open(fold, device, { rule, episode });
    else setSilence(device, episode, verdict);
  }
}

/** Whose fault it is: the device's own, or its gateway's, or not known yet. */
function verdictOf({ cell, deviceId }: Device, deadlineMs: number): Episode["silence"] {
  const gateway = deviceId === cell.key ? undefined : cell.devices.get(cell.key);
  // A gateway that nobody watches can't stand for its children.
  if (gateway === undefined || gateway.heardAtMs === null || gateway.rules.length === 0) {
    return "silent";
  }
  if (isSilent(gateway)) return "covered";
  return gateway.heardAtMs >= deadlineMs ? "silent" : "waiting";
}

function open(
  fold: Fold,
  device: Device,
  { rule, episode }: { rule: CompiledRule; episode: Episode },
): void {
  const sinceMs = silentSince(device) ?? fold.listeningMs;
  setSilence(device, episode, "silent");
  episode.brokenSinceMs = Math.max(sinceMs, episode.toMs ?? sinceMs);
  const moment = silenceMoment(fold, device);
  openOrJoin(fold, moment, { rule, episode, value: null });
  if (device.deviceId === device.cell.key) coverChildren(device);
}

/** One dead gateway is one alert: it stands for the children that waited. */
function coverChildren({ cell }: Device): void {
  if (cell.waiting === 0) return;
  for (const child of cell.devices.values()) {
    for (const episode of child.episodes ?? []) {
      if (episode?.silence === "waiting") setSilence(child, episode, "covered");
    }
  }
}

/** Its identity is the entry at which it was noticed: an offset is never given twice. */
function silenceMoment(fold: Fold, device: Device): Moment {
  const { offset, receivedTimeMs } = fold;
  const sample: Sample = {
    eventTimeMs: receivedTimeMs,
    originalTimeMs: null,
    seq: null,
    receivedTimeMs,
    offset,
    index: 0,
    fields: {},
    batteryPct: null,
  };
  return { device, series: null, timeMs: fold.listeningMs, sample };
}

/** Who waits or is covered is judged anew: its gateway may be another, or switched off. */
export function reconsider(device: Device): void {
  let isOff = false;
  for (const episode of device.episodes ?? []) {
    if (episode === null) continue;
    const { silence } = episode;
    if (silence === "waiting" || silence === "covered") setSilence(device, episode, "none");
    isOff ||= episode.silence !== "none";
  }
  device.isOff = isOff;
}

/** Switched off: its silence means nothing, and it begins anew when it is heard again. */
export function forgetSilence(device: Device): void {
  reconsider(device);
  for (const episode of device.episodes ?? []) {
    if (episode !== null) episode.silence = "none";
  }
  device.heardAtMs = null;
  device.isOff = false;
}
