import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  type Command,
  type CommandContext,
  exitCodes,
  type ParsedArguments,
  UsageError,
  withStoredRegistry,
} from "../../devices/index.ts";
import { loadClusterLogin } from "./config.ts";
import { renderEmqxAcl, renderEmqxConf, renderEmqxUsers } from "./emqx-files.ts";
import {
  type ExportState,
  findNadiLogin,
  readExportState,
  renderNadiLogin,
  writeExport,
} from "./export-folder.ts";
import { type ExportedDevice, listExportedDevices, type NadiLogin } from "./exported-device.ts";
import { readGivenSecrets, secretHash } from "./given-secrets.ts";
import {
  mosquittoPassword,
  renderAclFile,
  renderMosquittoConf,
  renderPasswordFile,
} from "./mosquitto-files.ts";

type Format = "mosquitto" | "emqx";
type RegistryOptions = Parameters<typeof withStoredRegistry>[0];

const defaultUsername = "nadi";
/** Of those that a person is shown by name; `--json` has all. */
const shownMax = 10;

/** `nadi broker export-acl`: the rules and logins of all devices, for a broker that is not ours. */
export function createExportAclCommand(options: RegistryOptions): Command {
  return {
    path: ["broker", "export-acl"],
    summary: "Write the logins and topic rules of all devices for an MQTT cluster",
    usage: "nadi broker export-acl --format mosquitto|emqx --out <folder> [--secrets <file>]",
    details: `
  --format     mosquitto: acl, passwords, mosquitto.conf; emqx: acl.conf, users.csv, emqx.conf
  --out        folder, made if missing; what it holds of an earlier export is taken over.
               Its files are for its group: one with setgid gives them to Mosquitto's
  --secrets    lines of username:password, or of what "nadi device add --json" prints;
               /dev/stdin reads from a pipe

Mosquitto needs each device's password in a form of its own, which can't be made of the hash that
Nadi keeps: give a secret once, when "device add" or "device rotate" has printed it. Later exports
keep it until it is rotated or revoked. EMQX takes Nadi's hash as it is.

Nadi's own user is that of NADI_MQTT_URL or NADI_MQTT_USERNAME; without a password there, one is
made and written to nadi.env. Export again after each change of a device: revocation is the
cluster's from here on.

example: nadi device add sppg-jakarta-001 probe-1 --kind temperature-probe --json > login.json
         nadi broker export-acl --format mosquitto --out ./mosquitto --secrets login.json`,
    options: {
      format: { type: "string" },
      out: { type: "string" },
      secrets: { type: "string" },
    },
    positionals: { min: 0, max: 0 },
    async run(args, context) {
      const wanted = await readArguments(args);
      const devices = await withStoredRegistry(options, context, ({ registry }) =>
        listExportedDevices(registry),
      );
      return exportAll(wanted, devices, context);
    },
  };
}

interface Wanted {
  format: Format;
  folder: string;
  secrets: ReadonlyMap<string, string>;
}

async function readArguments({ options }: ParsedArguments): Promise<Wanted> {
  const { format, out, secrets } = options;
  if (format !== "mosquitto" && format !== "emqx") {
    throw new UsageError("--format must be mosquitto or emqx.");
  }
  if (typeof out !== "string" || out === "") throw new UsageError("--out is missing.");
  const given = typeof secrets === "string" ? await readFile(secrets, "utf8") : "";
  return { format, folder: path.resolve(out), secrets: readGivenSecrets(given) };
}

async function exportAll(
  { format, folder, secrets }: Wanted,
  devices: readonly ExportedDevice[],
  context: CommandContext,
): Promise<number> {
  const before = await readExportState(folder);
  const { login, isOurs } = await findLogin(folder, context);
  const state = format === "mosquitto" ? passwords(devices, secrets, before) : plainState(devices);
  const withoutPassword = devices.filter(({ username }) => state.devices[username] === undefined);
  const withdrawn = Object.keys(before.devices).filter((name) => state.devices[name] === undefined);
  const unknown = unknownSecrets(devices, secrets);
  const files =
    format === "mosquitto"
      ? mosquittoFiles({ folder, devices, login, state })
      : emqxFiles(devices, login);
  const written = await writeExport(folder, {
    files,
    state,
    login: isOurs ? renderNadiLogin(login) : null,
  });
  const names = withoutPassword.map(({ username }) => username);
  const report = { format, folder, files: written, devices: devices.length };
  const told = { ...report, withoutPassword: names, withdrawn, unknownSecrets: unknown };
  context.stdout.write(context.json ? `${JSON.stringify(told)}\n` : describe(told));
  return exitCodes.done;
}

/** Names of given secrets that open nothing. */
function unknownSecrets(
  devices: readonly ExportedDevice[],
  secrets: ReadonlyMap<string, string>,
): string[] {
  const accepted = new Map(devices.map(({ username, secretHashes }) => [username, secretHashes]));
  return [...secrets]
    .filter(([username, secret]) => !accepted.get(username)?.includes(secretHash(secret)))
    .map(([username]) => username);
}

/** Nadi's own, from its environment, or one that this folder keeps. */
async function findLogin(
  folder: string,
  context: CommandContext,
): Promise<{ login: NadiLogin; isOurs: boolean }> {
  const { username = defaultUsername, password } = loadClusterLogin(context.env);
  if (/[:\s"]/.test(username)) {
    throw new UsageError("NADI_MQTT_USERNAME must have no colon, space or quote.");
  }
  if (password !== undefined) return { login: { username, password }, isOurs: false };
  return { login: await findNadiLogin(folder, username), isOurs: true };
}

/** Passwords of given secrets, and of earlier exports while their secret is the device's still. */
function passwords(
  devices: readonly ExportedDevice[],
  secrets: ReadonlyMap<string, string>,
  before: ExportState,
): ExportState {
  const state: ExportState = { devices: {} };
  for (const { username, secretHashes } of devices) {
    const secret = secrets.get(username);
    const hash = secret === undefined ? null : secretHash(secret);
    const known = before.devices[username];
    if (secret !== undefined && hash !== null && secretHashes.includes(hash)) {
      state.devices[username] = { secretHash: hash, password: mosquittoPassword(secret) };
    } else if (isKept(known, secretHashes)) {
      state.devices[username] = known;
    }
  }
  return state;
}

function isKept(
  known: ExportState["devices"][string] | undefined,
  secretHashes: readonly string[],
): known is ExportState["devices"][string] {
  return known !== undefined && known.password !== null && secretHashes.includes(known.secretHash);
}

function plainState(devices: readonly ExportedDevice[]): ExportState {
  const entries = devices.map(
    ({ username, secretHashes }) =>
      [username, { secretHash: secretHashes[0] ?? "", password: null }] as const,
  );
  return { devices: Object.fromEntries(entries) };
}

function mosquittoFiles(parts: {
  folder: string;
  devices: readonly ExportedDevice[];
  login: NadiLogin;
  state: ExportState;
}): Record<string, string> {
  const { folder, devices, login, state } = parts;
  const hashes = new Map([[login.username, mosquittoPassword(login.password)]]);
  for (const [username, { password }] of Object.entries(state.devices)) {
    if (password !== null) hashes.set(username, password);
  }
  return {
    acl: renderAclFile(devices, login),
    passwords: renderPasswordFile(hashes),
    "mosquitto.conf": renderMosquittoConf(folder),
  };
}

function emqxFiles(devices: readonly ExportedDevice[], login: NadiLogin): Record<string, string> {
  return {
    "acl.conf": renderEmqxAcl(login),
    "users.csv": renderEmqxUsers(devices, login),
    "emqx.conf": renderEmqxConf(),
  };
}

interface Told {
  format: Format;
  folder: string;
  files: readonly string[];
  devices: number;
  withoutPassword: readonly string[];
  withdrawn: readonly string[];
  unknownSecrets: readonly string[];
}

function describe(told: Told): string {
  const { format, folder, files, devices, withoutPassword, withdrawn, unknownSecrets } = told;
  const gone =
    format === "emqx" ? "delete such users in EMQX" : "reload Mosquitto (SIGHUP) to shut them out";
  return [
    `${countOf(devices, "device", "devices")} exported to ${folder}: ${files.join(", ")}`,
    ...named(withoutPassword, "can't sign in: give the secret by --secrets, or rotate it"),
    ...named(unknownSecrets, "with a given secret that is of no enabled device, or out of date"),
    ...named(withdrawn, `exported before and no more: ${gone}`),
    "",
  ].join("\n");
}

function named(usernames: readonly string[], what: string): string[] {
  if (usernames.length === 0) return [];
  const rest = usernames.length - shownMax;
  const more = rest > 0 ? `\n  and ${rest} more (--json lists all)` : "";
  const lines = usernames.slice(0, shownMax).map((name) => `\n  ${name}`);
  return [`${countOf(usernames.length, "device", "devices")} ${what}${lines.join("")}${more}`];
}

function countOf(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
