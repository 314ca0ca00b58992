import { isDeepStrictEqual } from "node:util";
import { toAlertState } from "../../ingest/desk/alert-row.ts";
import type { KitchenSnapshot } from "../../ingest/monitor/monitor.ts";
import { foldUndisturbed, type Reference } from "./reference.ts";
import { contentOf, identityOf } from "./store.ts";
import type { World } from "./world.ts";

/** At the end, when all has come to rest: what there is must be what the entries ask for. */
export async function judge(
  world: World,
  snapshots: ReadonlyMap<string, KitchenSnapshot>,
): Promise<void> {
  const { oracle, records, directory } = world;
  oracle.checkStored();
  checkStore(world);
  const entries = oracle.decodedEntries();
  const reference = await foldUndisturbed(entries, { directory, records: records.direct.ingest });
  await checkAlerts(world, reference);
  await checkLetters(world, reference);
  await checkMessages(world, reference);
  await checkRows(world, reference);
  for (const [sppgId, expected] of reference.snapshots) {
    const found = snapshots.get(sppgId);
    if (found !== undefined && isDeepStrictEqual(inOrder(found), inOrder(expected))) continue;
    const both = `${JSON.stringify(found)} for ${JSON.stringify(expected)}`;
    oracle.broken("replay is the same", `snapshot ${both}`);
  }
}

/** Each reading of the journal once, and nothing else. */
function checkStore({ oracle, store }: World): void {
  const expected = new Map<string, string>();
  for (const entry of oracle.decodedEntries()) {
    const readings = entry.kind === "publish" ? entry.readings : [];
    for (const reading of readings) {
      const identity = identityOf(reading);
      if (!expected.has(identity)) expected.set(identity, contentOf(reading));
    }
  }
  for (const [identity, content] of expected) {
    const kept = store.kept.get(identity);
    if (kept === undefined) oracle.broken("journaled is stored", identity);
    else if (contentOf(kept) !== content) oracle.broken("stored as sent", identity);
  }
  for (const identity of store.kept.keys()) {
    if (!expected.has(identity)) oracle.broken("nothing stored twice", identity);
  }
}

async function checkAlerts({ oracle, records }: World, reference: Reference): Promise<void> {
  const rows = await records.tables.selectFrom("alert").selectAll().execute();
  const found = new Map(rows.map((row) => [row.alert_id, toAlertState(row)]));
  for (const [alertId, expected] of reference.alerts) {
    const state = found.get(alertId);
    if (state === undefined) oracle.broken("each alert has its row", alertId);
    else if (!isDeepStrictEqual(state, jsonOf(expected))) {
      const both = `${JSON.stringify(state)} for ${JSON.stringify(expected)}`;
      oracle.broken("alerts as undisturbed", both);
    }
  }
  for (const alertId of found.keys()) {
    if (!reference.alerts.has(alertId)) oracle.broken("one row an alert", `${alertId} is nobody's`);
  }
}

async function checkLetters({ oracle, records }: World, reference: Reference): Promise<void> {
  const rows = await records.tables.selectFrom("dead_letter").selectAll().execute();
  const found = new Map(rows.map((row) => [`${row.sppg_id} ${row.device_id} ${row.slot}`, row]));
  for (const [place, { letter, total }] of reference.letters) {
    const row = found.get(place);
    const isSame =
      row?.number === total &&
      row.entry_offset === letter.offset &&
      row.entry_index === letter.index &&
      row.reason === letter.reason;
    if (!isSame) oracle.broken("dead letters as undisturbed", place);
  }
  if (found.size > reference.letters.size) {
    oracle.broken(
      "dead letters as undisturbed",
      `${found.size} in place of ${reference.letters.size}`,
    );
  }
}

/** Each at least once, and always with the same text. */
async function checkMessages(world: World, reference: Reference): Promise<void> {
  const { oracle, records, channels } = world;
  for (const id of reference.messageIds) {
    if (!channels.taken.has(id)) oracle.broken("each message goes out", id);
  }
  let people = 0;
  for (const [id, texts] of channels.taken) {
    if (texts.size > 1) oracle.broken("one id, one message", id);
    if (/\.p\d+$/.test(id)) people += 1;
    else if (!reference.messageIds.has(id))
      oracle.broken("one id, one message", `${id} is nobody's`);
  }
  const commands = await records.tables.selectFrom("alert_command").selectAll().execute();
  if (people !== commands.length) {
    oracle.broken("each message goes out", `${people} of ${commands.length} of people`);
  }
  const waiting = await records.direct.ingest.unpublished(1);
  if (waiting.length > 0) oracle.broken("each message goes out", `${waiting[0]?.id} waits`);
}

async function checkRows({ oracle, records }: World, reference: Reference): Promise<void> {
  const rows = await records.tables.selectFrom("monitor_state").selectAll().execute();
  const found = new Map(rows.map((row) => [`${row.sppg_id} ${row.state_key}`, row.body]));
  const meta = await records.direct.ingest.loadMonitorMeta();
  if (meta !== null) found.set("meta", meta.body);
  for (const [key, body] of reference.rows) {
    if (found.get(key) === body) continue;
    oracle.broken("replay is the same", `row ${key}: ${found.get(key)} for ${body}`);
  }
  if (found.size !== reference.rows.size) {
    oracle.broken("replay is the same", `${found.size} rows for ${reference.rows.size}`);
  }
}

function jsonOf(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The lists of a snapshot come in no order. */
function inOrder(snapshot: KitchenSnapshot): Record<string, unknown> {
  const sorted = (items: readonly object[]): string[] =>
    items.map((item) => JSON.stringify(item)).toSorted();
  return { ...snapshot, latest: sorted(snapshot.latest), devices: sorted(snapshot.devices) };
}
