import { pino } from "pino";
import { expect, test } from "vitest";
import { AuditWriter } from "../../broker/audit-writer.ts";
import { tablesOf } from "../../devices/records/records.ts";
import { migrate } from "../../devices/records/migrations.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import { migrations } from "../../devices/registry/migrations.ts";
import type { AuditEvent } from "../../devices/registry/model.ts";
import type { RegistryTables } from "../../devices/registry/tables.ts";
import { openEngineRecords } from "../support/records.ts";

const log = pino({ level: "silent" });

function event(subject: string): AuditEvent {
  return {
    atMs: 1_795_300_000_000,
    actor: "anonymous",
    action: "mqtt.credentials",
    sppgId: null,
    subject,
    address: "127.0.0.1",
    outcome: "refused",
    detail: { transport: "tcp" },
  };
}

test("events reach the audit log in the order in which they were written", async (t) => {
  const records = await openEngineRecords(t, { path: ":memory:" });
  await migrate(records, migrations);
  const registry = createRegistry(records, { nowMs: () => 0 });
  const audit = new AuditWriter((events) => registry.appendAudit(events), log);
  for (let index = 0; index < 1_200; index++) audit.write(event(`s${index}`));
  await audit.close();
  const rows = await tablesOf<RegistryTables>(records)
    .selectFrom("audit_log")
    .select("subject")
    .orderBy("id")
    .execute();
  expect(rows).toHaveLength(1_200);
  expect(rows.map(({ subject }) => subject).slice(-2)).toEqual(["s1198", "s1199"]);
});

test("events that can't be written are kept and written once it is possible", async () => {
  const written: string[] = [];
  let isBroken = true;
  const audit = new AuditWriter((events) => {
    if (isBroken) return Promise.reject(new Error("database is locked"));
    written.push(...events.map(({ subject }) => subject ?? ""));
    return Promise.resolve();
  }, log);
  audit.write(event("first"));
  await audit.flush();
  audit.write(event("second"));
  expect(written).toEqual([]);
  isBroken = false;
  await audit.close();
  expect(written).toEqual(["first", "second"]);
});

test("a flood is cut at a bound and what was cut is counted", async () => {
  const audit = new AuditWriter(() => Promise.reject(new Error("no")), log);
  for (let index = 0; index < 10_050; index++) audit.write(event("x"));
  expect(audit.dropped).toBe(50);
  await audit.close();
  expect(audit.dropped).toBe(10_050);
});
