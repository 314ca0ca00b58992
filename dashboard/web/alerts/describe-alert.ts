import { type KitchenTimeZone, readingTypes, type Unit } from "../../../devices/browser.ts";
import type { RouteAnswer } from "../../contract/index.ts";
import type { alertTexts } from "../i18n/alert-words.ts";
import type { Format } from "../i18n/format.ts";
import type { Words } from "../i18n/id.ts";
import { type HeardDevice, sensorNumber } from "../kitchens/sensor-number.ts";
import { type AlertKind, alertKind } from "./alert-kind.ts";

export type AlertRow = RouteAnswer<"listAlerts">["alerts"][number];

/** Where an alert belongs: names its sensor, and says its times. */
export interface AlertPlace {
  timeZone: KitchenTimeZone;
  devices: readonly HeardDevice[];
}

export interface Language {
  texts: (typeof alertTexts)["id"];
  words: Words;
  format: Format;
}

/** The parts of an alert in a person's language. */
export interface AlertDescription {
  /** One sentence: what is wrong. */
  title: string;
  /** The worst value; `null` for what has none. */
  value: string | null;
  /** `batas ≤ 5,0 °C · formulir inspeksi` */
  limit: string | null;
  /** `sejak 08.25 WIB, 22 mnt` or `pulih 08.50 WIB` */
  when: string;
  /** `belum ditanggapi`, or who and when. */
  who: string;
}

export function describeAlert(
  alert: AlertRow,
  place: AlertPlace,
  { texts, words, format, ageMs }: Language & { ageMs: number },
): AlertDescription {
  const kind = alertKind(alert);
  const { limit, worstValue, openedAtMs, clearedAtMs } = alert;
  const { timeZone } = place;
  const isTemperature = limit?.unit === "Cel";
  const isSided = kind === "above" || kind === "below";
  const what = isSided && !isTemperature ? (`${kind}Other` as const) : kind;
  const isNumber = kind === "rate" || isSided;
  const time = (atMs: number): string => format.recentTime(atMs, timeZone, openedAtMs + ageMs);
  const when =
    clearedAtMs === null
      ? texts.since(time(openedAtMs), format.duration(ageMs))
      : texts.cleared(time(clearedAtMs));
  return {
    title: texts.what[what](nameSensor(alert, place, words)),
    value:
      isNumber && worstValue !== null && limit !== null
        ? measure(worstValue, limit.unit, { texts, format })
        : null,
    limit: isNumber && limit !== null ? describeLimit(limit, kind, { texts, words, format }) : null,
    when,
    who: describeResponse(alert, time, texts),
  };
}

function describeLimit(
  { value, unit, source }: NonNullable<AlertRow["limit"]>,
  kind: AlertKind,
  { words, ...said }: Language,
): string {
  const limit = words.limit(kind === "below" ? "≥" : "≤", measure(value, unit, said));
  return `${limit} · ${words.limitSource(source)}`;
}

function describeResponse(
  alert: AlertRow,
  time: (atMs: number) => string,
  texts: Language["texts"],
): string {
  const { acknowledgedAtMs, acknowledgedBy } = alert;
  if (acknowledgedAtMs === null) return texts.unacknowledged;
  return texts.acknowledged(acknowledgedBy ?? "?", time(acknowledgedAtMs));
}

/** What people call it; else `Penyimpanan dingin 2`, by where it stands: nobody knows its id. */
export function nameSensor(
  { deviceId, subject }: Pick<AlertRow, "deviceId" | "subject">,
  { devices }: Pick<AlertPlace, "devices">,
  words: Words,
): string {
  const device = devices.find((one) => one.deviceId === deviceId);
  if (device === undefined) return subject ?? deviceId ?? words.place.unknown;
  if (device.name !== null) return device.name;
  if (device.kind === "gateway") return `Gateway ${device.deviceId}`;
  const number = sensorNumber(devices, device.deviceId);
  const place = words.place[device.place ?? "unknown"];
  return number === null ? place : `${place} ${number}`;
}

const units: ReadonlySet<string> = new Set(
  Object.values(readingTypes).flatMap(({ fields }) =>
    Object.values(fields).map(({ unit }: { unit: Unit }) => unit),
  ),
);

function isUnit(text: string): text is Unit {
  return units.has(text);
}

/** A limit's unit is that of its field, or the same a minute. */
function measure(
  value: number,
  unit: string,
  { texts, format }: Pick<Language, "texts" | "format">,
): string {
  const isRate = unit.endsWith("/min");
  const plain = isRate ? unit.slice(0, -"/min".length) : unit;
  const text = isUnit(plain)
    ? format.measure(value, plain)
    : `${format.number(value, 1)}\u00a0${plain}`;
  return isRate ? `${text}${texts.perMinute}` : text;
}
