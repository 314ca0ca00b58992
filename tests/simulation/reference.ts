import type { DecodedEntry } from "../../ingest/decode/decoded.ts";
import type { Directory } from "../../ingest/decode/directory.ts";
import type { IngestRecords } from "../../ingest/desk/desk.ts";
import { createMonitor } from "../../ingest/monitor/create-monitor.ts";
import type { AlertState, Effect, KitchenSnapshot } from "../../ingest/monitor/monitor.ts";

type DeadLetterEffect = Extract<Effect, { kind: "deadLetter" }>;

/** What comes of the same entries when nothing ever goes wrong. */
export interface Reference {
  /** As told last, by id. */
  alerts: Map<string, AlertState>;
  /** `{alertId}.{revision}` of everything that was told. */
  messageIds: Set<string>;
  /** By kitchen, device and slot. */
  letters: Map<string, DeadLetterEffect>;
  snapshots: Map<string, KitchenSnapshot>;
  /** Bodies of the state's rows by kitchen and key, and of the meta row under `meta`. */
  rows: Map<string, string>;
}

export async function foldUndisturbed(
  entries: readonly DecodedEntry[],
  sources: { directory: Directory; records: Pick<IngestRecords, "factsBetween"> },
): Promise<Reference> {
  const { directory, records } = sources;
  const monitor = createMonitor({ directory, rules: [], meta: null, rows: [], replayUpTo: 0 });
  const effects: Effect[] = [];
  for (const entry of entries) {
    const { changeSeq } = monitor;
    const isNews = entry.kind === "change" && entry.changeSeq > changeSeq;
    const facts = isNews
      ? await records.factsBetween(changeSeq, entry.changeSeq)
      : { rules: [], commands: [] };
    monitor.apply(entry, entry.kind === "change" ? facts : null);
    effects.push(...monitor.takeEffects());
  }
  const reference: Reference = {
    alerts: new Map(),
    messageIds: new Set(),
    letters: new Map(),
    snapshots: new Map(directory.kitchens().map((id) => [id, monitor.snapshot(id)])),
    rows: new Map([["meta", monitor.beginCheckpoint().body]]),
  };
  for (const { sppgId, key, body } of monitor.takeRows(Infinity)) {
    reference.rows.set(`${sppgId} ${key}`, body);
  }
  for (const effect of effects) keep(reference, effect);
  return reference;
}

function keep(reference: Reference, effect: Effect): void {
  if (effect.kind === "deadLetter") {
    const { sppgId, deviceId } = effect.letter;
    reference.letters.set(`${sppgId} ${deviceId} ${effect.slot}`, effect);
    return;
  }
  const { alertId, revision } = effect.alert;
  reference.alerts.set(alertId, effect.alert);
  reference.messageIds.add(`${alertId}.${revision}`);
}
