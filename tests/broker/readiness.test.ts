import { expect, test } from "vitest";
import { brokerChecks } from "../../broker/readiness.ts";
import { HeldJournal } from "../support/held-journal.ts";
import { TestLogins } from "../support/test-logins.ts";

function createChecks() {
  const journal = new HeldJournal();
  const logins = new TestLogins();
  const ask = (name: string) =>
    brokerChecks({ journal, logins })
      .find((check) => check.name === name)
      ?.check();
  return { journal, logins, ask };
}

test("an open journal and a readable registry are ready", () => {
  const { ask } = createChecks();
  expect(ask("journal")).toMatchObject({ ok: true });
  expect(ask("registry")).toMatchObject({ ok: true });
});

test("withheld acknowledgements are told with their reason", () => {
  const { journal, ask } = createChecks();
  Object.assign(journal, { condition: { kind: "withheld", reason: "quota" } });
  expect(ask("journal")).toEqual({ ok: false, detail: "quota" });
});

test("a change log that can't be read is not ready", () => {
  const { logins, ask } = createChecks();
  logins.isReadable = false;
  expect(ask("registry")).toMatchObject({ ok: false });
});
