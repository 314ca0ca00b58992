import { expect, test } from "vitest";
import { formatOf } from "../../../../dashboard/web/i18n/format.ts";

const id = formatOf("id");
const en = formatOf("en");
const atMs = Date.UTC(2026, 10, 24, 1, 47, 31);

/** As people see it: the space before a unit does not break. */
function measured(text: string): string {
  expect(text).not.toContain(" ");
  return text.replace("\u00a0", " ");
}

test("numbers have the language's own separators and a true minus", () => {
  expect(measured(id.measure(8.6, "Cel"))).toBe("8,6 °C");
  expect(measured(en.measure(8.6, "Cel"))).toBe("8.6 °C");
  expect(measured(id.measure(-19.2, "Cel"))).toBe("−19,2 °C");
  expect(id.number(2_970)).toBe("2.970");
  expect(en.number(2_970)).toBe("2,970");
  expect(measured(id.measure(412.53, "kg"))).toBe("412,5 kg");
  expect([measured(id.measure(28.4, "km/h")), measured(en.measure(28.4, "km/h"))]).toEqual([
    "28 km/j",
    "28 km/h",
  ]);
});

test("a value that rounds to zero has no minus", () => {
  expect(measured(id.measure(-0.04, "Cel"))).toBe("0,0 °C");
  expect(measured(id.measure(-0.06, "Cel"))).toBe("−0,1 °C");
});

test("a time is the kitchen's own, and says in which zone", () => {
  expect(id.zonedTime(atMs, "Asia/Jakarta")).toBe("08.47 WIB");
  expect(id.zonedTime(atMs, "Asia/Makassar")).toBe("09.47 WITA");
  expect(en.zonedTime(atMs, "Asia/Jayapura")).toBe("10:47 WIT");
  expect(id.date(atMs, "Asia/Jakarta")).toBe("Sel, 24 Nov 2026");
  expect(en.date(atMs, "Asia/Jakarta")).toBe("Tue, 24 Nov 2026");
  expect(id.dateTime(atMs, "Asia/Jakarta")).toBe("24 Nov 08.47 WIB");
});

test("midnight is 00, and already the next day further east", () => {
  const midnightMs = Date.UTC(2026, 10, 23, 17, 0);
  expect(id.zonedTime(midnightMs, "Asia/Jakarta")).toBe("00.00 WIB");
  expect(id.date(midnightMs, "Asia/Jakarta")).toBe("Sel, 24 Nov 2026");
  expect(id.date(midnightMs - 1, "Asia/Jakarta")).toBe("Sen, 23 Nov 2026");
});

test("a length of time is told in words, so that nobody takes it for a time of day", () => {
  const minuteMs = 60_000;
  expect(id.age(4_999)).toBe("4 dtk");
  expect(id.age(59_999)).toBe("59 dtk");
  expect([id.age(2 * minuteMs), en.age(2 * minuteMs)]).toEqual(["2 mnt lalu", "2 min ago"]);
  expect([id.duration(92 * minuteMs), en.duration(92 * minuteMs)]).toEqual([
    "1 j 32 mnt",
    "1 h 32 min",
  ]);
  expect([id.duration(60 * minuteMs), en.duration(120 * minuteMs)]).toEqual(["1 j", "2 h"]);
  expect(id.duration(49 * 60 * minuteMs)).toBe("2 hari");
});

test("of a length that somebody has set nothing is left out", () => {
  const said = [90, 900, 3_600, 90_061, 0].map((seconds) => id.exactDuration(seconds * 1_000));
  expect(said).toEqual(["1 mnt 30 dtk", "15 mnt", "1 j", "1 hari 1 j 1 mnt 1 dtk", "0 dtk"]);
});

test("a time of another day says its day", () => {
  const hourMs = 3_600_000;
  expect(id.recentTime(atMs, "Asia/Jakarta", atMs + 24 * hourMs - 1)).toBe("08.47 WIB");
  expect(id.recentTime(atMs, "Asia/Jakarta", atMs + 24 * hourMs)).toBe("24 Nov 08.47 WIB");
});

test("what seems to come from the future is of now", () => {
  expect(id.age(-2_000)).toBe("0 dtk");
});
