/** Lines of a table whose columns are as wide as their widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** What Nadi must reach, in words, and whether a figure does; `null`: there is no figure. */
export interface Budget {
  text: string;
  isMet: (value: number) => boolean;
}

export function atMost(limit: number): Budget {
  return { text: `≤ ${limit}`, isMet: (value) => value <= limit };
}

export function atLeast(limit: number): Budget {
  return { text: `≥ ${limit}`, isMet: (value) => value >= limit };
}

export function formatBudget(budget: Budget | undefined, value: number | null): string {
  if (budget === undefined) return "";
  if (value === null || Number.isNaN(value)) return budget.text;
  return `${budget.text}: ${budget.isMet(value) ? "met" : "MISSED"}`;
}

export function formatFigure(value: number | null, digits: number): string {
  return value === null || Number.isNaN(value) ? "–" : value.toFixed(digits);
}
