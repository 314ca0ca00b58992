/** The pages of the dashboard: where the server answers with the page, and what the page shows. */
export const pagePaths = {
  overview: "/",
  kitchen: "/kitchens/:sppgId",
  alerts: "/alerts",
  devices: "/devices",
} as const;

export type PageName = keyof typeof pagePaths;
