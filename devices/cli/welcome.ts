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
