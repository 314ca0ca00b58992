import fc from "fast-check";
import { expect, test } from "vitest";
import { tablesOf } from "../../../devices/records/records.ts";
import type { IngestTables } from "../../../ingest/desk/tables.ts";
import type { AlertState } from "../../../ingest/monitor/monitor.ts";
import { type AlertEffect, alertEffect, head, openDesk, sppgId, startMs } from "./factories.ts";
import { engineRuns } from "../../support/records.ts";

type Step =
  | { do: "value"; condition: "active" | "cleared" }
  | { do: "follow" }
  | { do: "apply"; count: number; isRepeated: boolean }
  | { do: "acknowledge"; note: string | null }
  | { do: "resolve"; note: string | null; correctiveAction: string | null };

const text = fc.option(fc.constantFrom("thrown away", "cooled", "door closed"));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("value" as const),
    condition: fc.constantFrom("active" as const, "cleared" as const),
  }),
  fc.record({ do: fc.constant("follow" as const) }),
  fc.record({
    do: fc.constant("apply" as const),
    count: fc.integer({ min: 1, max: 4 }),
    isRepeated: fc.boolean(),
  }),
  fc.record({ do: fc.constant("acknowledge" as const), note: text }),
  fc.record({ do: fc.constant("resolve" as const), note: text, correctiveAction: text }),
);

/** A monitor of one alert: what the values do, and commands that it hears of only later. */
class ModelMonitor {
  state: AlertState;
  readonly effects: AlertEffect[] = [];

  constructor(severity: AlertState["severity"]) {
    this.state = alertEffect({ severity }).alert;
    this.#emit({});
  }

  value(condition: "active" | "cleared"): void {
    const hasComeBack = condition === "active" && this.state.condition === "cleared";
    const occurrences = this.state.occurrences + (hasComeBack ? 1 : 0);
    const isCleared = condition === "cleared";
    if (isCleared && this.state.condition === "cleared") return;
    this.#emit({
      revision: this.state.revision + 1,
      condition,
      occurrences,
      clearedAtMs: isCleared ? startMs + this.state.revision : null,
      clearedBy: isCleared ? "value" : null,
    });
  }

  follow(command: { action: string; atMs: number }): void {
    if (command.action !== "resolve" || this.state.condition === "cleared") return;
    const cleared = { condition: "cleared", clearedAtMs: command.atMs } as const;
    this.#emit({ revision: this.state.revision + 1, ...cleared, clearedBy: "person" });
  }

  #emit(changes: Partial<AlertState>): void {
    this.state = { ...this.state, ...changes };
    this.effects.push(alertEffect(this.state, 100 + this.state.revision));
  }
}

/** What people have said, kept as plainly as can be. */
interface Person {
  acknowledgedAtMs: number | null;
  note: string | null;
  correctiveAction: string | null;
  clearedOccurrences: number;
  clearedAtMs: number | null;
}

const script = fc.record({
  severity: fc.constantFrom("warning" as const, "critical" as const),
  steps: fc.array(step, { maxLength: 25 }),
});

test("no interleaving of machine and people loses what a person did, or un-clears it", async () => {
  await fc.assert(fc.asyncProperty(script, runScript), { numRuns: engineRuns(120) });
}, 60_000);

async function runScript({
  severity,
  steps,
}: {
  severity: "warning" | "critical";
  steps: readonly Step[];
}): Promise<void> {
  const cleanUps: (() => unknown)[] = [];
  const { records, ingest, desk, clock } = await openDesk({
    onTestFinished: (cleanUp) => void cleanUps.push(cleanUp as () => unknown),
  });
  const monitor = new ModelMonitor(severity);
  const person: Person = {
    acknowledgedAtMs: null,
    note: null,
    correctiveAction: null,
    clearedOccurrences: 0,
    clearedAtMs: null,
  };
  let applied = 0;
  let followedSeq = 0;
  let personChanges = 0;

  const apply = async (count: number, isRepeated: boolean): Promise<void> => {
    const until = Math.min(monitor.effects.length, applied + count);
    const from = isRepeated ? 0 : applied;
    const messages = await ingest.applyEffects(monitor.effects.slice(from, until));
    expect(messages).toHaveLength(until - applied);
    applied = until;
  };
  const follow = async (): Promise<void> => {
    const { commands } = await ingest.factsBetween(followedSeq, 1_000);
    for (const command of commands) monitor.follow(command);
    followedSeq = commands.at(-1)?.changeSeq ?? followedSeq;
  };
  const look = async () => {
    const row = await desk.findAlert(sppgId, "a1");
    if (row === null) throw new Error("the alert is gone");
    return row;
  };

  const acknowledge = async (note: string | null): Promise<void> => {
    await desk.acknowledgeAlert({ sppgId, alertId: "a1", note }, head);
    if (person.acknowledgedAtMs !== null) return;
    person.acknowledgedAtMs = clock.ms;
    person.note = note ?? person.note;
    personChanges += 1;
  };
  const resolve = async (note: string | null, action: string | null): Promise<void> => {
    const before = await look();
    const isRefused = !before.isResolved && severity === "critical" && action === null;
    const after = await desk
      .resolveAlert({ sppgId, alertId: "a1", note, correctiveAction: action }, head)
      .catch((error: unknown) => error);
    const refusal = { code: "INGEST_CORRECTIVE_ACTION_MISSING" };
    expect(after).toMatchObject(isRefused ? refusal : { isResolved: true });
    if (isRefused) return;
    if (before.condition === "active") {
      person.clearedAtMs = clock.ms;
      person.clearedOccurrences = before.occurrences;
    }
    person.acknowledgedAtMs ??= clock.ms;
    person.note = note ?? person.note;
    person.correctiveAction = action ?? person.correctiveAction;
    personChanges += (await look()).changeCount - before.changeCount;
  };

  await apply(1, false);
  for (const step of steps) {
    clock.ms += 1_000;
    if (step.do === "value") monitor.value(step.condition);
    else if (step.do === "follow") await follow();
    else if (step.do === "apply") await apply(step.count, step.isRepeated);
    else if (step.do === "acknowledge") await acknowledge(step.note);
    else await resolve(step.note, step.correctiveAction);

    const machine = monitor.effects[applied - 1]?.alert;
    if (machine === undefined) throw new Error("nothing applied");
    const isHeld = person.clearedAtMs !== null && machine.occurrences <= person.clearedOccurrences;
    const { revision, ...known } = machine;
    const condition = isHeld ? "cleared" : machine.condition;
    const response = person.acknowledgedAtMs === null ? "unacknowledged" : "acknowledged";
    expect(await look()).toEqual({
      ...known,
      condition,
      clearedAtMs: isHeld ? person.clearedAtMs : machine.clearedAtMs,
      clearedBy: isHeld ? "person" : machine.clearedBy,
      response,
      acknowledgedAtMs: person.acknowledgedAtMs,
      acknowledgedBy: person.acknowledgedAtMs === null ? null : head.email,
      note: person.note,
      correctiveAction: person.correctiveAction,
      isResolved:
        condition === "cleared" &&
        response === "acknowledged" &&
        (severity === "warning" || person.correctiveAction !== null),
      changeCount: revision + personChanges,
    });
  }
  await expectNothingLost();
  for (const cleanUp of cleanUps) await cleanUp();

  async function expectNothingLost(): Promise<void> {
    await apply(1_000, true);
    const row = await look();
    const sent = await ingest.unpublished(1_000);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(row.changeCount);
    const states = { open: !row.isResolved, resolved: row.isResolved } as const;
    for (const state of ["open", "resolved"] as const) {
      const listed = await desk.listAlerts({ sppgId, state, limit: 10 });
      expect(listed).toEqual(states[state] ? [row] : []);
    }
    const { count } = await tablesOf<IngestTables>(records)
      .selectFrom("alert_command")
      .select((build) => build.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    expect(count).toBe(personChanges);
  }
}
