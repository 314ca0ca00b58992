import {
  appendChange,
  CodedError,
  kitchenUnknown,
  tablesOf,
  writeTransaction,
} from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import { findRuleFaults } from "../rules/check-rule.ts";
import { type Rule, ruleSchema, type RuleVersion } from "../rules/rule.ts";
import type { DeskContext } from "./desk-context.ts";
import type { Desk } from "./desk.ts";
import { readVersions, toRuleVersion } from "./rule-versions.ts";
import type { IngestTables, IngestTransaction } from "./tables.ts";

type RuleMethods = Pick<Desk, "listRules" | "listRuleVersions" | "putRule">;

/** Every reading of a kitchen meets its rules: a list that nobody reads through is no rule book. */
export const kitchenRulesMax = 500;
const issuesMax = 8;
const changedCharactersMax = 700;

/** The rules as people see and change them: the defaults, and the kitchen's own over them. */
export function createRuleMethods(context: DeskContext): RuleMethods {
  const db = tablesOf<IngestTables>(context.records);
  return {
    async listRules(sppgId) {
      const stored = await db
        .selectFrom("rule_version")
        .selectAll()
        .where("sppg_id", "=", sppgId)
        .orderBy("version")
        .execute();
      // Keyed by what people typed. The last one set is the newest.
      const byKey = new Map(
        context.defaultRules.map((rule) => [rule.key, toDefault(sppgId, rule)]),
      );
      for (const row of stored) byKey.set(row.rule_key, toRuleVersion(row));
      return [...byKey.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
    },
    async listRuleVersions({ sppgId, key, limit }) {
      const versions = await readVersions(db, { sppgId, key, limit });
      const preset = context.defaultRules.find((rule) => rule.key === key);
      if (preset === undefined || versions.length >= limit) return versions;
      return [...versions, { ...toDefault(sppgId, preset), changedAtMs: null, changedBy: null }];
    },
    async putRule(input, actor, address = null) {
      const { sppgId, isEnabled, expectedVersion } = input;
      const rule = parseRule(input.rule);
      return writeTransaction<IngestTables, RuleVersion>(context.records, async (tx) => {
        await requireKitchen(tx, sppgId);
        const before = await findNewest(context, tx, { sppgId, key: rule.key });
        const version = before?.version ?? 0;
        if (version !== expectedVersion) throw conflict(rule.key, { version, expectedVersion });
        if (before === null) await requireRoom(tx, sppgId);
        const note = {
          kind: "rule",
          action: "rule.put",
          actor,
          address,
          sppgId,
          subject: rule.key,
          detail: { version: version + 1, isEnabled, ...describeChange(before, rule) },
        } as const;
        const changeSeq = await appendChange(tx, note, context.clock.nowMs());
        const after = { sppgId, key: rule.key, version: version + 1, changeSeq, isEnabled, rule };
        await insertVersion(tx, after);
        return after;
      });
    },
  };
}

function toDefault(sppgId: string, rule: Rule): RuleVersion {
  return { sppgId, key: rule.key, version: 0, changeSeq: 0, isEnabled: true, rule };
}

function parseRule(input: unknown): Rule {
  const parsed = ruleSchema.safeParse(input);
  const faults = parsed.success
    ? findRuleFaults(parsed.data)
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  if (parsed.success && faults.length === 0) return parsed.data;
  const issues = faults
    .slice(0, issuesMax)
    .map(({ path, message }) => `${path === "" ? "rule" : path}: ${message}`)
    .join("; ");
  throw ruleInvalid(`The rule is not valid: ${issues}.`, issues);
}

async function requireKitchen(tx: IngestTransaction, sppgId: string): Promise<void> {
  const kitchen = await tx
    .selectFrom("kitchen")
    .select("sppg_id")
    .where("sppg_id", "=", sppgId)
    .executeTakeFirst();
  if (kitchen === undefined) throw kitchenUnknown(sppgId);
}

async function findNewest(
  context: DeskContext,
  tx: IngestTransaction,
  { sppgId, key }: { sppgId: string; key: string },
): Promise<RuleVersion | null> {
  const row = await tx
    .selectFrom("rule_version")
    .selectAll()
    .where("sppg_id", "=", sppgId)
    .where("rule_key", "=", key)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return toRuleVersion(row);
  const rule = context.defaultRules.find((candidate) => candidate.key === key);
  return rule === undefined ? null : toDefault(sppgId, rule);
}

async function requireRoom(tx: IngestTransaction, sppgId: string): Promise<void> {
  const row = await tx
    .selectFrom("rule_version")
    .select((build) => build.fn.count<number>("rule_key").distinct().as("keys"))
    .where("sppg_id", "=", sppgId)
    .executeTakeFirstOrThrow();
  if (row.keys < kitchenRulesMax) return;
  const issues = `key: ${sppgId} has ${kitchenRulesMax} rules of its own already`;
  throw ruleInvalid(`The rule is one too many: change another one (${issues}).`, issues);
}

async function insertVersion(tx: IngestTransaction, version: RuleVersion): Promise<void> {
  await tx
    .insertInto("rule_version")
    .values({
      sppg_id: version.sppgId,
      rule_key: version.key,
      version: version.version,
      change_seq: version.changeSeq,
      is_enabled: version.isEnabled ? 1 : 0,
      rule_json: JSON.stringify(version.rule),
    })
    .execute();
}

/** For the audit log: what was and what is, of the fields that differ. */
function describeChange(
  before: RuleVersion | null,
  rule: Rule,
): { wasEnabled: boolean | null; old: string | null; new: string } {
  const [old, fresh] = [new Map(Object.entries(before?.rule ?? {})), Object.entries(rule)];
  const names = new Set([...old.keys(), ...fresh.map(([name]) => name)]);
  const now = new Map(fresh);
  const isChanged = (name: string): boolean =>
    JSON.stringify(old.get(name)) !== JSON.stringify(now.get(name));
  const pick = (values: ReadonlyMap<string, unknown>): string => {
    const changed = [...names].filter((name) => isChanged(name) && values.has(name));
    const text = JSON.stringify(
      Object.fromEntries(changed.map((name) => [name, values.get(name)])),
    );
    return text.slice(0, changedCharactersMax);
  };
  return {
    wasEnabled: before?.isEnabled ?? null,
    old: before === null ? null : pick(old),
    new: pick(now),
  };
}

function ruleInvalid(message: string, issues: string): CodedError {
  return ingestError("INGEST_RULE_INVALID", { message, facts: { issues } });
}

function conflict(key: string, versions: { version: number; expectedVersion: number }): CodedError {
  return ingestError("INGEST_RULE_CONFLICT", {
    message:
      `Rule ${key} is at version ${versions.version} by now, and you changed version ` +
      `${versions.expectedVersion}: read it again.`,
    facts: versions,
  });
}
