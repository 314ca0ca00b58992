import { createHash } from "node:crypto";
import type { ExportedDevice, NadiLogin } from "./exported-device.ts";
import { deviceTrees, plainFilters, sharedFilters } from "./filters.ts";

/**
 * For EMQX's import of users: its SHA-256 without a salt is what Nadi stores of a secret, so every
 * device keeps its own. Of a secret that is being rotated only the newest fits.
 */
export function renderEmqxUsers(devices: readonly ExportedDevice[], nadi: NadiLogin): string {
  const own = createHash("sha256").update(nadi.password).digest("hex");
  const rows = devices.map(({ username, secretHashes }) => `${username},${secretHashes[0]},,false`);
  const head = "user_id,password_hash,salt,is_superuser";
  return `${[head, `${nadi.username},${own},,false`, ...rows].join("\n")}\n`;
}

/** Rules for all devices at once, by the two parts of their username. */
export function renderEmqxAcl(nadi: NadiLogin): string {
  const list = (topics: readonly string[]): string => topics.map((it) => `"${it}"`).join(", ");
  const device = "${client_attrs.device}";
  const sppg = "sppg/${client_attrs.sppg}";
  const own = deviceTrees.map((tree) => `${sppg}/${tree}/${device}/#`);
  return `%% Written by nadi broker export-acl.
{allow, {username, "${nadi.username}"}, subscribe, [${list([...sharedFilters, ...plainFilters])}]}.
{allow, {username, "${nadi.username}"}, publish, ["sppg/+/command/#"]}.
{allow, all, publish, [${list(own)}]}.
{allow, all, subscribe, ["${sppg}/command/${device}/#"]}.
{deny, all}.
`;
}

/** EMQX 5.8.3 or later. */
export function renderEmqxConf(): string {
  return `# Written by nadi broker export-acl from EMQX's documentation, for 5.8.3 or later.
mqtt {
  client_attrs_init = [
    { expression = "nth(1, tokens(username, '.'))", set_as_attr = sppg }
    { expression = "nth(2, tokens(username, '.'))", set_as_attr = device }
  ]
  # None takes over another's session by its client id.
  clientid_override = "concat([username, '-', clientid])"
  # One device's readings come over one connection, in their order.
  shared_subscription_strategy = hash_topic
  # Readings that wait for Nadi: above a limit EMQX acknowledges them and drops them.
  max_mqueue_len = infinity
  max_packet_size = 256KB
}
authentication = [
  {
    mechanism = password_based
    backend = built_in_database
    user_id_type = username
    password_hash_algorithm { name = sha256, salt_position = disable }
  }
]
authorization {
  no_match = deny
  deny_action = disconnect
  sources = [{ type = file, enable = true, path = "etc/acl.conf" }]
}
`;
}
