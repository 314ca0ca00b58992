/** The states that a mark can show, worst first: silent may hide anything, so it is the second. */
export const severities = ["critical", "silent", "warning", "late", "info", "safe"] as const;
export type Severity = (typeof severities)[number];

export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}
