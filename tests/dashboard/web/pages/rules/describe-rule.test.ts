import { expect, test } from "vitest";
import { en } from "../../../../../dashboard/web/i18n/en.ts";
import { formatOf } from "../../../../../dashboard/web/i18n/format.ts";
import { id } from "../../../../../dashboard/web/i18n/id.ts";
import { rulesTexts } from "../../../../../dashboard/web/i18n/rules.ts";
import { describeRule } from "../../../../../dashboard/web/pages/rules/describe-rule.ts";
import type { Rule } from "../../../../../dashboard/web/pages/rules/rule-types.ts";
import { defaultRules } from "../../../../../ingest/rules/defaults.ts";
import { thresholdRule } from "../../../../support/rule-examples.ts";

const device = {
  sppgId: "sppg-jakarta-001",
  name: null,
  version: 1,
  codec: null,
  gatewayId: null,
  enabled: true,
  expectedIntervalSeconds: 30,
  createdAtMs: 0,
  lastHeardAtMs: null,
} as const;
const devices = [
  { ...device, deviceId: "scale-oil", kind: "smart-scale", place: "stockScale" },
  { ...device, deviceId: "scale-rice", kind: "smart-scale", place: "stockScale" },
] as const;

function say(rule: Rule, language: "id" | "en"): string {
  const words = language === "id" ? id : en;
  const said = { texts: rulesTexts[language], words, format: formatOf(language) };
  return describeRule(rule, { devices: [...devices] }, said).replaceAll("\u00a0", " ");
}

function defaultRule(key: string): Rule {
  const rule = defaultRules.find((one) => one.key === key);
  if (rule === undefined) throw new Error(`no default ${key}`);
  return rule;
}

test("a rule is a sentence in both languages", () => {
  const cold = defaultRule("cold-store-limit");
  const short: Rule = { ...thresholdRule("cold-store-limit"), minDurationSeconds: 90 };
  expect(say(short, "id")).toBe("Penyimpanan dingin di atas 5,0 °C selama 1 mnt 30 dtk");
  expect(say(cold, "id")).toBe("Penyimpanan dingin di atas 5,0 °C selama 15 mnt");
  expect(say(cold, "en")).toBe("Cold store above 5.0 °C for 15 min");
  expect(say(defaultRule("cold-store-rising"), "id")).toBe(
    "Penyimpanan dingin naik lebih dari 1,0 °C per menit dalam 10 mnt",
  );
  expect(say(defaultRule("cold-store-door"), "id")).toBe(
    "Pintu penyimpanan dingin terbuka selama 5 mnt",
  );
  expect(say(defaultRule("device-silent"), "id")).toBe(
    "Semua alat tidak mengirim data selama 3 mnt",
  );
  expect(say(defaultRule("gateway-silent"), "en")).toBe("Gateway sends no data for 3 min");
  expect(say(defaultRule("sensor-fault"), "id")).toBe(
    "Semua alat: 5 pembacaan salah berturut-turut",
  );
});

test("one device is named as people call it, and its quantity where it is not the usual one", () => {
  const low = thresholdRule("cold-store-limit", {
    scope: { deviceId: "scale-rice" },
    reading: "weight",
    field: "weightKg",
    when: "below",
    limit: 50.25,
    minDurationSeconds: 0,
  });
  expect(say(low, "id")).toBe("Timbangan stok 2, berat di bawah 50,25 kg");
});
