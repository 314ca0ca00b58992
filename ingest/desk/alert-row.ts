import type { Effect } from "../monitor/monitor.ts";
import type { AlertRow } from "./desk.ts";
import type { AlertRecord } from "./tables.ts";

type AlertEffect = Extract<Effect, { kind: "alert" }>;
/** What `machine_json` holds; the revision has a column of its own. */
type MachinePart = Omit<AlertEffect["alert"], "revision">;
type PersonPart = Pick<
  AlertRecord,
  | "response"
  | "acknowledged_at_ms"
  | "acknowledged_by"
  | "corrective_action"
  | "note"
  | "person_cleared_at_ms"
  | "person_cleared_occurrences"
>;

const untouched: PersonPart = {
  response: "unacknowledged",
  acknowledged_at_ms: null,
  acknowledged_by: null,
  corrective_action: null,
  note: null,
  person_cleared_at_ms: null,
  person_cleared_occurrences: null,
};

/** The realtime message allows so many characters; an e-mail address may have 254. */
const acknowledgedByCharactersMax = 128;

/** A record, and the same alert as people see it. */
export interface MovedAlert {
  record: AlertRecord;
  alert: AlertRow;
}

/** After an effect that moves it, of an entry of that partition; `null` before its first. */
export function moveByMachine(
  before: AlertRecord | null,
  effect: AlertEffect,
  partition: number,
): MovedAlert {
  const { revision, ...machine } = effect.alert;
  const record = {
    ...(before ?? untouched),
    alert_id: machine.alertId,
    sppg_id: machine.sppgId,
    revision,
    entry_offset: effect.offset,
    opened_at_ms: machine.openedAtMs,
    severity: machine.severity,
    machine_json: JSON.stringify(machine),
    is_resolved: 0,
    change_count: (before?.change_count ?? 0) + 1,
    partition,
  };
  return withResolved(record, merge(machine, record));
}

/** After what a person did. */
export function moveByPerson(before: AlertRecord, change: Partial<PersonPart>): MovedAlert {
  const record = { ...before, ...change, change_count: before.change_count + 1 };
  return withResolved(record, toAlertRow(record));
}

/** The alert as the machine has told it last. */
export function toAlertState({ machine_json, revision }: AlertRecord): AlertEffect["alert"] {
  // Written by moveByMachine alone.
  return { ...(JSON.parse(machine_json) as MachinePart), revision };
}

/** The alert as people see it: both parts together. */
export function toAlertRow(record: AlertRecord): AlertRow {
  // Written by moveByMachine alone.
  return merge(JSON.parse(record.machine_json) as MachinePart, record);
}

/**
 * A person's clear stands for the occurrences that there were: revisions of the machine that were
 * under way when the person resolved the alert don't un-clear it, and a later clear by value does
 * not take it from the person. A condition that has come back since is a new occurrence, and true.
 */
function merge(machine: MachinePart, record: AlertRecord): AlertRow {
  const isClearedByPerson =
    record.person_cleared_at_ms !== null &&
    machine.occurrences <= (record.person_cleared_occurrences ?? 0);
  const merged = {
    ...machine,
    ...(isClearedByPerson
      ? ({
          condition: "cleared",
          clearedAtMs: record.person_cleared_at_ms,
          clearedBy: "person",
        } as const)
      : {}),
    response: record.response === "acknowledged" ? "acknowledged" : "unacknowledged",
    acknowledgedAtMs: record.acknowledged_at_ms,
    acknowledgedBy: record.acknowledged_by?.slice(0, acknowledgedByCharactersMax) ?? null,
    correctiveAction: record.corrective_action,
    note: record.note,
  } as const;
  return { ...merged, isResolved: isResolved(merged), changeCount: record.change_count };
}

/**
 * The two axes of an alert end together, and a broken critical limit ends only with what was done
 * about it: one that cleared by its value and was acknowledged stays open until somebody says.
 */
function isResolved(
  alert: Pick<AlertRow, "condition" | "response" | "severity" | "correctiveAction">,
): boolean {
  if (alert.condition !== "cleared" || alert.response !== "acknowledged") return false;
  return alert.severity !== "critical" || alert.correctiveAction !== null;
}

function withResolved(record: AlertRecord, alert: AlertRow): MovedAlert {
  return { record: { ...record, is_resolved: alert.isResolved ? 1 : 0 }, alert };
}
