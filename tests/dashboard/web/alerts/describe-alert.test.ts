import { expect, test } from "vitest";
import { describeAlert } from "../../../../dashboard/web/alerts/describe-alert.ts";
import { alertTexts } from "../../../../dashboard/web/i18n/alert-words.ts";
import { en } from "../../../../dashboard/web/i18n/en.ts";
import { formatOf } from "../../../../dashboard/web/i18n/format.ts";
import { id } from "../../../../dashboard/web/i18n/id.ts";
import type { AlertRow } from "../../../../dashboard/web/kitchens/standing.ts";
import { createAlert, createDevice } from "../snapshots.ts";

const devices = [
  createDevice({ deviceId: "cold-10" }),
  createDevice({ deviceId: "cold-2" }),
  createDevice({ deviceId: "hot-1", place: "hotHolding" }),
  createDevice({ deviceId: "freezer-1", name: "Freezer daging", place: "freezer" }),
];
const place = { timeZone: "Asia/Jakarta", devices } as const;

function describe(parts: Partial<AlertRow>, language: "id" | "en" = "id") {
  const words = language === "id" ? id : en;
  const said = { texts: alertTexts[language], words, format: formatOf(language) };
  const described = describeAlert(createAlert(parts), place, { ...said, ageMs: 22 * 60_000 });
  const { value, limit } = described;
  // The space before a unit does not break.
  const plain = (text: string | null) => text?.replaceAll("\u00a0", " ") ?? null;
  return { ...described, value: plain(value), limit: plain(limit) };
}

test("an alert is a sentence with its value, its limit and the limit's source", () => {
  expect(describe({ deviceId: "cold-10" })).toEqual({
    title: "Penyimpanan dingin 2 terlalu hangat",
    value: "8,6 °C",
    limit: "batas ≤ 5,0 °C · formulir inspeksi",
    when: "sejak 08.25 WIB, 22 mnt",
    who: "belum ditanggapi",
  });
  expect(describe({ deviceId: "cold-10" }, "en")).toMatchObject({
    title: "Cold store 2 too warm",
    value: "8.6 °C",
    limit: "limit ≤ 5.0 °C · formulir inspeksi",
    when: "since 08:25 WIB, 22 min",
  });
});

test("what happened on another day says which: this morning's and last week's are not one", () => {
  const dayMs = 24 * 3_600_000;
  const opened = createAlert({}).openedAtMs;
  const words = { texts: alertTexts.id, words: id, format: formatOf("id") };
  const say = (parts: Partial<AlertRow>) =>
    describeAlert(createAlert(parts), place, { ...words, ageMs: 3 * dayMs });
  const answered = { acknowledgedAtMs: opened + 60_000, acknowledgedBy: "siti@sppg.test" };
  expect(say(answered)).toMatchObject({
    when: "sejak 24 Nov 08.25 WIB, 3 hari",
    who: "ditanggapi siti@sppg.test, 24 Nov 08.26 WIB",
  });
  const cleared = { condition: "cleared", clearedAtMs: opened + 120_000 } as const;
  expect(say(cleared).when).toBe("pulih 24 Nov 08.27 WIB");
});

test("a revoked sensor has no number, and its neighbours are counted without it", () => {
  const among = { ...place, devices: [...devices, createDevice({ enabled: false })] };
  const words = { texts: alertTexts.id, words: id, format: formatOf("id"), ageMs: 0 };
  const titleOf = (deviceId: string) =>
    describeAlert(createAlert({ deviceId }), among, words).title;
  expect(titleOf("cold-1")).toBe("Penyimpanan dingin terlalu hangat");
  expect(titleOf("cold-2")).toBe("Penyimpanan dingin 1 terlalu hangat");
});

test("the limit's sign tells on which side the food is safe", () => {
  const limit = { key: "x", value: 60, unit: "Cel", source: "s", sourceKind: "guidance" } as const;
  const said = describe({ deviceId: "hot-1", limit, value: 58, worstValue: 55.2 });
  expect(said).toMatchObject({ title: "Penghangat terlalu dingin", value: "55,2 °C" });
  expect(said.limit).toBe("batas ≥ 60,0 °C · s");
});

test("silence, a broken sensor, an open door and a fast change have sentences of their own", () => {
  const none = { limit: null, value: null, worstValue: null };
  const rate = { key: "r", value: 1, unit: "Cel/min", source: "s", sourceKind: "project" } as const;
  const door = {
    key: "d",
    value: 0.5,
    unit: "switch",
    source: "s",
    sourceKind: "project",
  } as const;
  const rule = (key: string) => ({ rule: { key, version: 0 } });
  const hot = { deviceId: "hot-1" };
  expect(describe({ ...hot, ...none, ...rule("device-silent") }).title).toBe(
    "Penghangat tidak mengirim data",
  );
  expect(describe({ ...hot, ...none, value: 85, ...rule("sensor-fault") }).title).toBe(
    "Penghangat: sensor rusak",
  );
  expect(describe({ ...hot, limit: door, reading: "door", value: 1, worstValue: 1 })).toMatchObject(
    {
      title: "Pintu penghangat terbuka",
      value: null,
      limit: null,
    },
  );
  expect(describe({ ...hot, limit: rate, value: 1.5, worstValue: 2 })).toMatchObject({
    title: "Penghangat berubah terlalu cepat",
    value: "2,0 °C/mnt",
  });
});

test("a device that is no longer there is called by its id", () => {
  expect(describe({ deviceId: "freezer-1" }).title).toBe("Freezer daging terlalu hangat");
  expect(describe({ deviceId: "gone-7" }).title).toBe("gone-7 terlalu hangat");
});
