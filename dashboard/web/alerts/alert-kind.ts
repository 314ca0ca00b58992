import type { RouteAnswer } from "../../contract/index.ts";
import { compareSeverity, type Severity } from "../components/severity.ts";

type AlertRow = RouteAnswer<"listAlerts">["alerts"][number];

/** What is wrong, as far as a sentence tells it apart. */
export type AlertKind = "above" | "below" | "rate" | "door" | "silent" | "fault";

/** What the kind is read from: also a live message has it. */
export type KindFacts = Pick<AlertRow, "rule" | "reading" | "limit" | "value" | "worstValue">;

export function alertKind({ rule, reading, limit, value, worstValue }: KindFacts): AlertKind {
  if (limit === null) return rule.key.includes("fault") || value !== null ? "fault" : "silent";
  if (limit.unit.endsWith("/min")) return "rate";
  if (reading === "door") return "door";
  return (worstValue ?? value ?? limit.value) < limit.value ? "below" : "above";
}

/** A silent sensor has its own mark, unless the silence itself is critical. */
export function alertSeverity(alert: KindFacts & Pick<AlertRow, "severity">): Severity {
  if (alert.severity === "critical") return "critical";
  return alertKind(alert) === "silent" ? "silent" : alert.severity;
}

/** What is so now first, then what nobody has acknowledged, then by severity, then newest. */
export function compareAlerts(a: AlertRow, b: AlertRow): number {
  return (
    Number(a.condition === "cleared") - Number(b.condition === "cleared") ||
    compareSeverity(alertSeverity(a), alertSeverity(b)) ||
    Number(a.response === "acknowledged") - Number(b.response === "acknowledged") ||
    b.openedAtMs - a.openedAtMs ||
    a.alertId.localeCompare(b.alertId)
  );
}
