import { pbkdf2Sync, randomBytes } from "node:crypto";
import { commandTopicPrefix, deviceTreePrefix } from "../../devices/index.ts";
import type { ExportedDevice, NadiLogin } from "./exported-device.ts";
import { plainFilters } from "./filters.ts";

/** As `mosquitto_passwd` has it: what is hashed has 192 random bits, so more would only cost. */
const iterations = 101;
const saltBytes = 12;
const hashBytes = 64;

/** A line's right side in Mosquitto's password file: PBKDF2 with SHA-512. */
export function mosquittoPassword(password: string): string {
  const salt = randomBytes(saltBytes);
  const hash = pbkdf2Sync(password, salt, iterations, hashBytes, "sha512");
  return `$7$${iterations}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

export function renderPasswordFile(hashes: ReadonlyMap<string, string>): string {
  return [...hashes].map(([username, hash]) => `${username}:${hash}\n`).join("");
}

/** Rules user by user: what stands nowhere is refused. */
export function renderAclFile(devices: readonly ExportedDevice[], nadi: NadiLogin): string {
  const own = [
    `user ${nadi.username}`,
    ...plainFilters.map((filter) => `topic read ${filter}`),
    "topic write sppg/+/command/#",
  ];
  const blocks = devices.map(({ username, sppgId, deviceId, codec }) => [
    `user ${username}`,
    `topic write ${deviceTreePrefix(sppgId, "telemetry", deviceId)}#`,
    ...(codec === null ? [] : [`topic write ${deviceTreePrefix(sppgId, codec, deviceId)}#`]),
    `topic read ${commandTopicPrefix(sppgId, deviceId)}#`,
  ]);
  const head = "# Written by nadi broker export-acl: export again after each change.";
  return `${[[head], own, ...blocks].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** A whole configuration, to be used as it is or taken over line by line. */
export function renderMosquittoConf(folder: string): string {
  return `# Written by nadi broker export-acl.

# Off: Mosquitto drops what waits for a session that is away if this is on (its issue 2806).
per_listener_settings false
allow_anonymous false
password_file ${folder}/passwords
acl_file ${folder}/acl

# Sessions outlive Mosquitto, as of its last save: what it has acknowledged since is lost with it.
persistence true
persistence_location /var/lib/mosquitto/
autosave_interval 30
persistent_client_expiration 7d

# Readings that wait for Nadi: above a limit Mosquitto acknowledges them and drops them.
max_queued_messages 0
max_inflight_messages 128
max_packet_size 262144

# For devices, in clear on all addresses: give it certfile and keyfile where others share the
# network. Their client id is their username, so that none takes over another's session.
listener 1883
use_username_as_clientid true

# For Nadi, which has many client ids: keep it where no device can reach it.
listener 1884 127.0.0.1
`;
}
