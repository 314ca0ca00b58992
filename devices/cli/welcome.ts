import path from "node:path";

/** Where devices connect: `tlsPort` is `port` where there is nothing but TLS. */
export interface DevicesDoor {
  host: string;
  port: number;
  tlsPort: number | null;
}

function describeDoor({ host, port, tlsPort }: DevicesDoor): string {
  return `${tlsPort === port ? "mqtts" : "mqtt"}://${host}:${port}`;
}

/** What a start prints for people: where things are, and what to type next. */
export function welcome(at: { door: DevicesDoor; url: string; dataDir: string }): string {
  return `Nadi takes readings on ${describeDoor(at.door)}
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
  /** `null`: devices connect to others. */
  door: DevicesDoor | null;
  url: string;
}): string {
  const devices = at.door === null ? "" : `  devices       ${describeDoor(at.door)}\n`;
  const people = at.roles.includes("dashboard") ? `  the page      ${at.url}\n` : "";
  const status = `  status        ${at.url}/readyz\n`;
  return `Nadi runs here as ${at.roles.join(", ")}\n${devices}${people}${status}`;
}
