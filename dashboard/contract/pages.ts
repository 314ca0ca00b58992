/** The pages of the dashboard: what the server answers with the page, and the page routes by. */
export const pagePaths = {
  overview: "/",
  kitchen: "/kitchens/:sppgId",
  alerts: "/alerts",
} as const;

export type PageName = keyof typeof pagePaths;

/** Whether an address, without its query, is one of a page. */
export function isPagePath(path: string): boolean {
  return patterns.some((pattern) => pattern.test(path));
}

/** A kitchen's id and nothing wider: an address of nothing is told so by the server already. */
const patterns = Object.values(pagePaths).map(
  (path) => new RegExp(`^${path.replaceAll(/:\w+/g, "[A-Za-z0-9_-]{1,64}")}$`),
);
