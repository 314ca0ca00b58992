import { expect, test } from "vitest";
import { brokerChecks } from "../../broker/readiness.ts";
import { HeldJournal } from "../support/held-journal.ts";
import { TestLogins } from "../support/test-logins.ts";

function createChecks() {
  const journal = new HeldJournal();
  const logins = new TestLogins();
  const channels: { awaySinceMs: number | null } = { awaySinceMs: null };
  const ask = (name: string) =>
    brokerChecks({ journal, logins, channels, peers: null })
      .find((check) => check.name === name)
      ?.check();
  return { journal, logins, channels, ask };
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

test("a live view that hears nothing is told of and stays ready: readings are taken without it", () => {
  const { channels, ask } = createChecks();
  expect(ask("live-view")).toEqual({ ok: true, detail: "pages hear what happens" });
  channels.awaySinceMs = performance.now() - 12_000;
  expect(ask("live-view")).toEqual({
    ok: true,
    detail: "degraded: pages have heard nothing new for 12 s",
  });
});
