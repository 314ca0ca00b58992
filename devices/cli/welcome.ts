import path from "node:path";

/** What a start prints for people: where things are, and what to type next. */
export function welcome(at: { host: string; port: number; url: string; dataDir: string }): string {
  return `Nadi takes readings on mqtt://${at.host}:${at.port}
  the page      ${at.url}
  the API       ${at.url}/api/docs
  data folder   ${path.resolve(at.dataDir)}
  a kitchen     npx nadi kitchen add --help
  a device      npx nadi device add --help
  a login       npx nadi user add --help
  what arrived  npx nadi journal read --from 1 --limit 20
`;
}

/** The same of a process that is one of several. */
export function welcomeRoles(at: {
  roles: readonly string[];
  host: string;
  /** 0: devices connect to others. */
  port: number;
  url: string;
}): string {
  const devices = at.port === 0 ? "" : `  devices       mqtt://${at.host}:${at.port}\n`;
  const people = at.roles.includes("dashboard") ? `  the page      ${at.url}\n` : "";
  const status = `  status        ${at.url}/readyz\n`;
  return `Nadi runs here as ${at.roles.join(", ")}\n${devices}${people}${status}`;
}
