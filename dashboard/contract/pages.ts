/** The pages of the dashboard: where the server answers with the page, and what the page shows. */
export const pagePaths = {
  overview: "/",
  kitchen: "/kitchens/:sppgId",
  fleet: "/fleet",
  stock: "/stock",
  alerts: "/alerts",
  rules: "/rules",
  devices: "/devices",
  screens: "/screens",
  /** The person's own sessions and password. */
  account: "/account",
  admin: "/admin",
  adminSection: "/admin/:section",
  /** Without the shell around it: for a screen on a wall. */
  wall: "/wall",
  wallKitchen: "/wall/:sppgId",
} as const;

export type PageName = keyof typeof pagePaths;
