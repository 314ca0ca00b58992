import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { auditTexts } from "../../../../dashboard/web/i18n/audit.ts";

const root = path.resolve(import.meta.dirname, "../../../..");

/** As the sources write them into the log: `action: "user.add"`. */
function listActions(): string[] {
  const files = globSync(["{devices,broker,ingest}/**/*.ts", "dashboard/server/**/*.ts"], {
    cwd: root,
  });
  const found = files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    return [...text.matchAll(/action: "([a-z]+(?:\.[a-z]+)+)"/g)].map(([, action = ""]) => action);
  });
  return [...new Set(found)].toSorted();
}

test("whatever is written into the audit log has words in both languages", () => {
  const actions = listActions();
  expect(actions).toContain("screen.pair.limited");
  expect(actions.length).toBeGreaterThan(15);
  for (const texts of Object.values(auditTexts)) {
    expect(actions.filter((action) => !texts.actions.has(action))).toEqual([]);
  }
});
