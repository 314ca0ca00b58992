import {
  appendChange,
  type ChangeNote,
  type CodedError,
  inputInvalid,
  writeTransaction,
} from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import type { AlertCommand } from "../monitor/monitor.ts";
import { formatAlertMessage } from "./alert-message.ts";
import { type MovedAlert, moveByPerson, toAlertRow } from "./alert-row.ts";
import type { DeskContext } from "./desk-context.ts";
import type { AlertRow, Desk } from "./desk.ts";
import { appendToOutbox } from "./outbox.ts";
import type { AlertRecord, IngestTables, IngestTransaction } from "./tables.ts";

type PersonChange = Parameters<typeof moveByPerson>[1];

/** One thing that a person does to one alert. */
interface Action {
  action: AlertCommand["action"];
  sppgId: string;
  alertId: string;
  note: string | null;
  correctiveAction: string | null;
  by: { email: string; address: string | null };
}

/** As many as the realtime message carries of a corrective action. */
export const personTextCharactersMax = 2_000;
const auditTextCharactersMax = 300;

export function createAlertActions(
  context: DeskContext,
): Pick<Desk, "acknowledgeAlert" | "resolveAlert"> {
  return {
    acknowledgeAlert(input, by) {
      const action = { ...input, action: "acknowledge", correctiveAction: null, by } as const;
      return act(context, action, acknowledge);
    },
    resolveAlert: (input, by) => act(context, { ...input, action: "resolve", by }, resolve),
  };
}

/** What the action changes, or `null` for nothing. Throws if it must not be done. */
type Decide = (record: AlertRecord, action: Action, atMs: number) => PersonChange | null;

function acknowledge(record: AlertRecord, action: Action, atMs: number): PersonChange | null {
  if (record.response === "acknowledged") return null;
  return { ...acknowledgement(record, action, atMs), note: action.note ?? record.note };
}

function resolve(record: AlertRecord, action: Action, atMs: number): PersonChange | null {
  const alert = toAlertRow(record);
  const note = action.note ?? record.note;
  const correctiveAction = action.correctiveAction ?? record.corrective_action;
  if (alert.isResolved) {
    // Said again, or something to add: the alert stays resolved as it was.
    const isSame = note === record.note && correctiveAction === record.corrective_action;
    return isSame ? null : { note, corrective_action: correctiveAction };
  }
  // What was done about an earlier occurrence is no answer to one that has come back.
  if (alert.severity === "critical" && action.correctiveAction === null) {
    throw actionMissing(record.alert_id);
  }
  return {
    ...acknowledgement(record, action, atMs),
    ...(alert.condition === "active"
      ? { person_cleared_at_ms: atMs, person_cleared_occurrences: alert.occurrences }
      : {}),
    note,
    corrective_action: correctiveAction,
  };
}

/** The first one stands. */
function acknowledgement(record: AlertRecord, { by }: Action, atMs: number): PersonChange {
  if (record.response === "acknowledged") return {};
  return { response: "acknowledged", acknowledged_at_ms: atMs, acknowledged_by: by.email };
}

/** The row, the command that the monitor follows, both logs and the message: all or none. */
async function act(context: DeskContext, given: Action, decide: Decide): Promise<AlertRow> {
  const action = {
    ...given,
    note: parseText("note", given.note),
    correctiveAction: parseText("correctiveAction", given.correctiveAction),
  };
  return writeTransaction<IngestTables, AlertRow>(context.records, async (tx) => {
    const before = await requireAlert(tx, action);
    const atMs = context.clock.nowMs();
    const change = decide(before, action, atMs);
    if (change === null) return toAlertRow(before);
    const { record, alert } = moveByPerson(before, change);
    await tx.updateTable("alert").set(record).where("alert_id", "=", record.alert_id).execute();
    const changeSeq = await appendChange(tx, noteOn(action, alert), atMs);
    await insertCommand(tx, action, { changeSeq, atMs });
    await appendMessage(tx, { record, alert }, { by: action.by.email, atMs });
    return alert;
  });
}

/** A blank text says nothing, and PostgreSQL takes no NUL. */
function parseText(field: string, text: string | null): string | null {
  const trimmed = (text ?? "").replaceAll("\0", "").trim();
  if (trimmed.length > personTextCharactersMax) {
    const message = `${field} must have at most ${personTextCharactersMax} characters.`;
    throw inputInvalid(message, { field });
  }
  return trimmed === "" ? null : trimmed;
}

async function requireAlert(tx: IngestTransaction, action: Action): Promise<AlertRecord> {
  const record = await tx
    .selectFrom("alert")
    .selectAll()
    .where("alert_id", "=", action.alertId)
    .where("sppg_id", "=", action.sppgId)
    .executeTakeFirst();
  if (record !== undefined) return record;
  throw ingestError("INGEST_ALERT_UNKNOWN", {
    message: `Kitchen ${action.sppgId} has no alert ${action.alertId}.`,
    facts: { sppgId: action.sppgId, alertId: action.alertId },
  });
}

function noteOn(action: Action, alert: AlertRow): ChangeNote {
  return {
    kind: "alert",
    action: `alert.${action.action}`,
    actor: `user:${action.by.email}`,
    address: action.by.address,
    sppgId: action.sppgId,
    subject: action.alertId,
    detail: {
      rule: alert.rule.key,
      ruleVersion: alert.rule.version,
      severity: alert.severity,
      condition: alert.condition,
      // In full with the command; here for whoever reads the log.
      note: action.note?.slice(0, auditTextCharactersMax) ?? null,
      correctiveAction: action.correctiveAction?.slice(0, auditTextCharactersMax) ?? null,
    },
  };
}

async function insertCommand(
  tx: IngestTransaction,
  action: Action,
  { changeSeq, atMs }: { changeSeq: number; atMs: number },
): Promise<void> {
  await tx
    .insertInto("alert_command")
    .values({
      change_seq: changeSeq,
      sppg_id: action.sppgId,
      alert_id: action.alertId,
      action: action.action,
      at_ms: atMs,
      done_by: action.by.email,
      note: action.note,
      corrective_action: action.correctiveAction,
    })
    .execute();
}

async function appendMessage(
  tx: IngestTransaction,
  { record, alert }: MovedAlert,
  { by, atMs }: { by: string; atMs: number },
): Promise<void> {
  const message = formatAlertMessage(alert, {
    id: `${record.alert_id}.p${record.change_count}`,
    timestampMs: atMs,
    // Until it takes its own place: see outbox.ts.
    offset: record.entry_offset,
    userId: by,
  });
  const { alert_id: alertId, partition } = record;
  await appendToOutbox(tx, [{ ...message, alertId, offset: null, partition }]);
}

function actionMissing(alertId: string): CodedError {
  return ingestError("INGEST_CORRECTIVE_ACTION_MISSING", {
    message: `Alert ${alertId} is critical: say what was done about it.`,
    facts: { alertId },
  });
}
