import { sql } from "kysely";
import { expect, test, type TestContext } from "vitest";
import type { LoginSource } from "../../../broker/ports.ts";
import {
  ChangeFeed,
  changeBatchMax,
  type ChangeFeedOptions,
} from "../../../devices/registry/change-feed.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import type { RegistryChange } from "../../../devices/registry/model.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import {
  createTestRegistry,
  kitchen,
  openTestRecords,
  probe,
  type TestRegistry,
} from "../records/factories.ts";

interface Following {
  feed: ChangeFeed;
  heard: RegistryChange[];
  notes: string[];
  /** Resolves with the next note: `readable`, or `unreadable` and its code or message. */
  nextNote: () => Promise<string>;
  nextChange: () => Promise<RegistryChange>;
}

async function follow(t: TestContext, registry: ChangeFeedOptions["registry"]): Promise<Following> {
  const heard: RegistryChange[] = [];
  const notes: string[] = [];
  const waitingNotes: ((note: string) => void)[] = [];
  const waitingChanges: ((change: RegistryChange) => void)[] = [];
  const note = (text: string): void => {
    notes.push(text);
    waitingNotes.shift()?.(text);
  };
  const feed = new ChangeFeed({
    registry,
    onUnreadable: (error) => note(`unreadable ${error instanceof Error ? error.message : ""}`),
    onReadable: () => note("readable"),
    onListenerError: (error) => note(`listener ${error instanceof Error ? error.message : ""}`),
  });
  t.onTestFinished(() => feed.stop());
  feed.onChange((change) => {
    heard.push(change);
    waitingChanges.shift()?.(change);
  });
  await feed.start();
  return {
    feed,
    heard,
    notes,
    nextNote: () => new Promise((resolve) => waitingNotes.push(resolve)),
    nextChange: () => new Promise((resolve) => waitingChanges.push(resolve)),
  };
}

/** A second process would have a handle of its own: so has this. */
async function openBeside(t: TestContext, made: TestRegistry): Promise<Registry> {
  const records = await openTestRecords(t, { dataDir: made.dataDir });
  return createRegistry(records, { nowMs: () => made.clock.ms });
}

test("a change of another handle is heard within a second, without a poke", async (t) => {
  const made = await createTestRegistry(t);
  const beside = await openBeside(t, made);
  const { feed, nextChange } = await follow(t, made.registry);
  const next = nextChange();
  await beside.addKitchen(kitchen, "cli");
  const committedAt = performance.now();
  expect(await next).toEqual({ seq: 1, kind: "kitchen", sppgId: kitchen.sppgId, subject: null });
  expect(performance.now() - committedAt).toBeLessThan(1_000);
  expect(feed.changeSeq).toBe(1);
});

test("the feed is what the broker asks for, and begins behind what is already there", async (t) => {
  const made = await createTestRegistry(t);
  await made.registry.addKitchen(kitchen, "cli");
  await made.registry.addDevice(probe, "cli");
  const { feed, heard } = await follow(t, made.registry);
  const source: LoginSource = feed;
  expect(source.changeSeq).toBe(2);
  expect(source.isReadable).toBe(true);
  await feed.poke();
  expect(heard).toEqual([]);
  const login = await source.findDeviceLogin(probe.sppgId, probe.deviceId);
  expect(login?.enabled).toBe(true);
});

test("a login is told only after the changes that it may show have been heard", async (t) => {
  const made = await createTestRegistry(t);
  const beside = await openBeside(t, made);
  const { feed, heard } = await follow(t, made.registry);
  await beside.addKitchen(kitchen, "cli");
  await beside.addDevice(probe, "cli");
  const login = await feed.findDeviceLogin(probe.sppgId, probe.deviceId);
  expect(login?.enabled).toBe(true);
  // No poll by time is awaited here: the look-up itself has brought them.
  expect(heard.map(({ kind }) => kind)).toEqual(["kitchen", "device"]);
});

test("no login is told while the change log can't be read", async (t) => {
  const made = await createTestRegistry(t);
  await made.registry.addKitchen(kitchen, "cli");
  await made.registry.addDevice(probe, "cli");
  const { feed } = await follow(t, made.registry);
  await sql`alter table change_log rename to change_log_away`.execute(made.records.db);
  await expect(feed.findDeviceLogin(probe.sppgId, probe.deviceId)).rejects.toMatchObject({
    code: "REGISTRY_CHANGE_LOG_SILENT",
  });
});

test("each change of a long backlog is heard once and in order", async (t) => {
  const made = await createTestRegistry(t);
  const { feed, heard } = await follow(t, made.registry);
  const count = 2 * changeBatchMax + 1;
  const rows = Array.from({ length: count }, (_, index) => ({ kind: "rule", subject: `${index}` }));
  for (const row of rows) {
    const values = sql`${row.kind}, ${row.subject}, 0`;
    const insert = sql`insert into change_log (kind, subject, at_ms) values (${values})`;
    await insert.execute(made.records.db);
  }
  await Promise.all([feed.poke(), feed.poke(), feed.poke()]);
  expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  expect(feed.changeSeq).toBe(count);
});

test("a poke hears what a poll under way has read too early to see", async (t) => {
  const made = await createTestRegistry(t);
  const read = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const { feed, heard } = await follow(t, {
    ...made.registry,
    async readChanges(afterSeq, limit) {
      const changes = await made.registry.readChanges(afterSeq, limit);
      read.resolve();
      await release.promise;
      return changes;
    },
  });
  const polling = feed.poke();
  await read.promise;
  await made.registry.addKitchen(kitchen, "cli");
  const poked = feed.poke();
  release.resolve();
  await poked;
  expect(heard.map(({ seq }) => seq)).toEqual([1]);
  await polling;
});

test("a log that can't be read makes the feed unreadable and loses nothing", async (t) => {
  const made = await createTestRegistry(t);
  const { feed, heard, nextNote } = await follow(t, made.registry);
  const unreadable = nextNote();
  await sql`alter table change_log rename to change_log_away`.execute(made.records.db);
  expect(await unreadable).toMatch(/^unreadable .*change_log/);
  expect(feed.isReadable).toBe(false);
  const readable = nextNote();
  await sql`alter table change_log_away rename to change_log`.execute(made.records.db);
  await made.registry.addKitchen(kitchen, "cli");
  expect(await readable).toBe("readable");
  expect(feed.isReadable).toBe(true);
  await feed.poke();
  expect(heard.map(({ seq }) => seq)).toEqual([1]);
});

test("a log that does not answer counts as unreadable after a second", async (t) => {
  const made = await createTestRegistry(t);
  const held = Promise.withResolvers<RegistryChange[]>();
  let isHeld = false;
  const { feed, nextNote } = await follow(t, {
    ...made.registry,
    readChanges: (afterSeq, limit) =>
      isHeld ? held.promise : made.registry.readChanges(afterSeq, limit),
  });
  isHeld = true;
  expect(await nextNote()).toMatch(/^unreadable The change log has not answered/);
  expect(feed.isReadable).toBe(false);
  isHeld = false;
  const readable = nextNote();
  held.resolve([]);
  expect(await readable).toBe("readable");
});

test("a log that was replaced by an older one is not taken for a quiet one", async (t) => {
  const made = await createTestRegistry(t);
  await made.registry.addKitchen(kitchen, "cli");
  const { feed, notes } = await follow(t, made.registry);
  await sql`delete from change_log`.execute(made.records.db);
  await feed.poke();
  expect(notes[0]).toMatch(/no longer holds change 1/);
  expect(feed.isReadable).toBe(false);
});

test("a listener that throws is told and costs the others nothing", async (t) => {
  const made = await createTestRegistry(t);
  const { feed, notes } = await follow(t, made.registry);
  const removeThrowing = feed.onChange(() => {
    throw new Error("mine");
  });
  const later: number[] = [];
  feed.onChange(({ seq }) => later.push(seq));
  await made.registry.addKitchen(kitchen, "cli");
  await feed.poke();
  removeThrowing();
  await made.registry.addDevice(probe, "cli");
  await feed.poke();
  expect(later).toEqual([1, 2]);
  expect(notes).toEqual(["listener mine"]);
});

test("a stopped feed is unreadable, calls nobody, and stops twice", async (t) => {
  const made = await createTestRegistry(t);
  const { feed, heard } = await follow(t, made.registry);
  const polling = feed.poke();
  feed.stop();
  feed.stop();
  await made.registry.addKitchen(kitchen, "cli");
  await polling;
  await feed.poke();
  expect(heard).toEqual([]);
  expect(feed.isReadable).toBe(false);
});
