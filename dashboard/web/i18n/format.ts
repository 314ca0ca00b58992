import type { KitchenTimeZone, Unit } from "../../../devices/browser.ts";
import { type Language, locales } from "./language.ts";

/** Numbers and times as people of a language write them. `Intl` has no WIB in English. */
export interface Format {
  language: Language;
  /** `2.970`, `−19,2`; digits behind the comma are always there. */
  number(value: number, digits?: number): string;
  /** Number and unit apart, because a screen draws them in two sizes. */
  quantity(value: number, unit: Unit): { number: string; unit: string };
  /** `8,6 °C`, which no line break parts. */
  measure(value: number, unit: Unit): string;
  /** `08.47`, without its zone: only beside others of the same kitchen. */
  time(atMs: number, zone: KitchenTimeZone): string;
  /** `08.47 WIB` */
  zonedTime(atMs: number, zone: KitchenTimeZone): string;
  /** `Sel, 24 Nov 2026` */
  date(atMs: number, zone: KitchenTimeZone): string;
  /** `24 Nov 08.47 WIB`, for what may be of another day. */
  dateTime(atMs: number, zone: KitchenTimeZone): string;
  /** `08.47 WIB`, and with its day what is 24 hours old by `nowMs`. */
  recentTime(atMs: number, zone: KitchenTimeZone, nowMs: number): string;
  /** `4 dtk`, `22 mnt`, `1 j 32 mnt`, `3 hari`: a length of time, never a time of day. */
  duration(ms: number): string;
  /** `1 mnt 30 dtk`: of what somebody has set, where nothing may be left out. */
  exactDuration(ms: number): string;
  /** `2 mnt lalu`, without "ago" below a minute: the freshest need no words. */
  age(ms: number): string;
}

export const zoneNames = {
  "Asia/Jakarta": "WIB",
  "Asia/Makassar": "WITA",
  "Asia/Jayapura": "WIT",
} as const satisfies Record<KitchenTimeZone, string>;

const unitWords = {
  id: { second: "dtk", minute: "mnt", hour: "j", day: "hari", ago: "lalu", speed: "km/j" },
  en: { second: "s", minute: "min", hour: "h", day: "d", ago: "ago", speed: "km/h" },
} as const;

const digitsOf = {
  Cel: 1,
  kg: 1,
  deg: 5,
  "km/h": 0,
  m: 0,
  "%": 0,
  count: 0,
  switch: 0,
} as const satisfies Record<Unit, number>;

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const made = new Map<Language, Format>();

export function formatOf(language: Language): Format {
  const known = made.get(language) ?? createFormat(language);
  made.set(language, known);
  return known;
}

function createFormat(language: Language): Format {
  const locale = locales[language];
  const numbers = remember((digits: number) => {
    const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(locale, exact);
  });
  const clocks = dateFormats(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = dateFormats(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
  });
  const shortDays = dateFormats(locale, { day: "numeric", month: "short" });
  const units = symbols(language);

  const number = (value: number, digits = 0): string =>
    // A true minus, and none before a zero that was rounded.
    numbers(digits)
      .format(Number(value.toFixed(digits)) === 0 ? 0 : value)
      .replace("-", "−");
  const time = (atMs: number, zone: KitchenTimeZone): string => clocks(zone).format(atMs);
  const zonedTime = (atMs: number, zone: KitchenTimeZone): string =>
    `${time(atMs, zone)} ${zoneNames[zone]}`;
  const dateTime = (atMs: number, zone: KitchenTimeZone): string =>
    `${shortDays(zone).format(atMs)} ${zonedTime(atMs, zone)}`;
  const duration = (ms: number): string => formatDuration(language, ms);
  const quantity = (value: number, unit: Unit) => ({
    number: number(value, digitsOf[unit]),
    unit: units[unit],
  });
  return {
    language,
    number,
    quantity,
    measure(value, unit) {
      const parts = quantity(value, unit);
      return [parts.number, parts.unit].filter((part) => part !== "").join("\u00a0");
    },
    time,
    zonedTime,
    date: (atMs, zone) => days(zone).format(atMs),
    dateTime,
    recentTime: (atMs, zone, nowMs) =>
      nowMs - atMs < dayMs ? zonedTime(atMs, zone) : dateTime(atMs, zone),
    duration,
    exactDuration: (ms) => formatExactly(language, ms),
    age: (ms) => (ms < minuteMs ? duration(ms) : `${duration(ms)} ${unitWords[language].ago}`),
  };
}

/** Clocks of devices and browsers differ a little: nothing is younger than now. */
function formatDuration(language: Language, givenMs: number): string {
  const ms = Math.max(0, givenMs);
  const words = unitWords[language];
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)} ${words.second}`;
  const minutes = Math.floor(ms / minuteMs);
  if (ms < hourMs) return `${minutes} ${words.minute}`;
  if (ms >= dayMs) return `${Math.floor(ms / dayMs)} ${words.day}`;
  const hours = `${Math.floor(minutes / 60)} ${words.hour}`;
  return minutes % 60 === 0 ? hours : `${hours} ${minutes % 60} ${words.minute}`;
}

function formatExactly(language: Language, ms: number): string {
  const { day, hour, minute, second } = unitWords[language];
  const seconds = Math.round(ms / secondMs);
  const parts = [
    { count: Math.floor(seconds / 86_400), word: day },
    { count: Math.floor(seconds / 3_600) % 24, word: hour },
    { count: Math.floor(seconds / 60) % 60, word: minute },
    { count: seconds % 60, word: second },
  ].filter(({ count }) => count > 0);
  if (parts.length === 0) return `0 ${second}`;
  return parts.map(({ count, word }) => `${count} ${word}`).join(" ");
}

function symbols(language: Language): Readonly<Record<Unit, string>> {
  const speed = unitWords[language].speed;
  return { Cel: "°C", deg: "°", "km/h": speed, m: "m", kg: "kg", "%": "%", count: "", switch: "" };
}

function dateFormats(locale: string, options: Intl.DateTimeFormatOptions) {
  return remember(
    (timeZone: KitchenTimeZone) => new Intl.DateTimeFormat(locale, { ...options, timeZone }),
  );
}

/** Formats cost more to make than to use, and a page uses a handful of them each second. */
function remember<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}
