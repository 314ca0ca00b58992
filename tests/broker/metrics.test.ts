import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { registerBrokerMetrics } from "../../broker/metrics.ts";
import { createTestBroker } from "../support/broker.ts";
import { wronglyTyped } from "../support/metrics.ts";

test("what was accepted, journaled and refused is told in Prometheus' text", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "nadi-metrics-"));
  t.onTestFinished(() => rm(folder, { recursive: true }));
  const journal = await openFileJournal({ directory: path.join(folder, "journal") });
  t.onTestFinished(() => journal.close());
  const { broker, logins, signIn, open } = await createTestBroker(t, { journal });
  const registry = new Registry();
  const channels = { awaySinceMs: 5, counts: { delivered: 7, gaps: 2 } };
  registerBrokerMetrics(registry, {
    broker,
    journal,
    audit: { dropped: 3 },
    channels,
    peers: null,
  });
  const device = logins.add("sppg-one", "probe");
  const client = await signIn(device);
  const wrong = await open();
  const { returnCode } = await wrong.connect({
    clientId: "x",
    username: device.username,
    password: "wrong",
  });
  expect(returnCode).toBe(4);
  await wrong.closed;
  await client.end();
  const text = await registry.metrics();
  expect(text).toMatch(/^nadi_mqtt_accepted_total 2$/m);
  expect(text).toMatch(/^nadi_mqtt_signed_in_total 1$/m);
  expect(text).toMatch(/^nadi_mqtt_refused_total\{reason="credentials"\} 1$/m);
  expect(text).toMatch(/^nadi_journal_open 1$/m);
  expect(text).toMatch(/^nadi_journal_damaged_records_total 0$/m);
  expect(text).toMatch(/^nadi_audit_dropped_total 3$/m);
  expect(text).toMatch(/^nadi_live_view_available 0$/m);
  expect(text).toMatch(/^nadi_live_view_gaps_total 2$/m);
  expect(wronglyTyped(text)).toEqual([]);
  // What is read again is not added to what was read before.
  expect(await registry.metrics()).toBe(text);
});
