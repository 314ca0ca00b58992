import { expect, test } from "vitest";
import { limitSourceInIndonesian } from "../../../../dashboard/web/i18n/limit-sources.ts";
import { defaultRules } from "../../../../ingest/rules/defaults.ts";

test("every limit that a kitchen starts with names its source in Indonesian too", () => {
  const sources = defaultRules.flatMap((rule) =>
    "limitSource" in rule ? [rule.limitSource.source] : [],
  );
  expect(sources.length).toBeGreaterThan(10);
  for (const source of sources) expect(limitSourceInIndonesian(source)).not.toBe(source);
});

test("what a kitchen has written itself stays as it is", () => {
  expect(limitSourceInIndonesian("Surat dinas 12/2026")).toBe("Surat dinas 12/2026");
});
