import { roles } from "../devices/index.ts";
import type { CountedChannelSubscriber } from "./channels/channels.ts";
import type { ClusterState } from "./cluster/cluster.ts";
import { clusterCheck } from "./cluster/readiness.ts";
import type { Journal } from "./journal/journal.ts";
import type { RedisDurability } from "./journal/redis/durability.ts";
import type { Peers } from "./peers/peers.ts";
import type { LoginSource } from "./ports.ts";

/** One named thing that must hold before work may be sent here; `/readyz` asks it. */
export interface BrokerCheck {
  name: string;
  check(): { ok: boolean; detail: string };
}

export interface BrokerCheckParts {
  /** `null`: devices connect to the broker itself. */
  cluster?: { readonly state: ClusterState } | null;
  /**
   * One with a `durability` says itself what an acknowledgement means. `null`: this process
   * acknowledges nothing.
   */
  journal: CheckedJournal | null;
  logins: LoginSource;
  /** `null`: this process shows nothing to people. */
  channels: Pick<CountedChannelSubscriber, "awaySinceMs"> | null;
  /** `null`: there are no other processes. */
  peers: Pick<Peers, "awaySinceMs" | "nodes"> | null;
}

type CheckedJournal = Pick<Journal, "condition"> & { readonly durability?: RedisDurability };

/**
 * What the broker cannot do without: a journal that takes entries, and a registry it follows. The
 * live view and the other processes are told of and never red: readings are taken without them.
 */
export function brokerChecks(parts: BrokerCheckParts): BrokerCheck[] {
  const { journal, logins, channels, peers, cluster = null } = parts;
  return [
    ...(cluster === null ? [] : [clusterCheck(cluster)]),
    ...(journal === null ? [] : [journalCheck(journal)]),
    registryCheck(logins),
    ...(channels === null ? [] : [liveViewCheck(channels)]),
    ...(peers === null ? [] : [peersCheck(peers)]),
  ];
}

function journalCheck(journal: CheckedJournal): BrokerCheck {
  return {
    name: "journal",
    check: () => {
      const { condition } = journal;
      if (condition.kind === "open") {
        const detail = journal.durability?.detail ?? "a PUBACK means fdatasync has returned";
        return { ok: true, detail };
      }
      const isWithheld = condition.kind === "withheld";
      return { ok: false, detail: isWithheld ? condition.reason : condition.kind };
    },
  };
}

function registryCheck(logins: LoginSource): BrokerCheck {
  return {
    name: "registry",
    check: () => ({
      ok: logins.isReadable,
      detail: logins.isReadable ? "followed within a second" : "change log can't be read",
    }),
  };
}

function liveViewCheck(channels: NonNullable<BrokerCheckParts["channels"]>): BrokerCheck {
  return {
    name: "live-view",
    check: () => {
      const { awaySinceMs } = channels;
      if (awaySinceMs === null) return { ok: true, detail: "pages hear what happens" };
      const what = `pages have heard nothing new for ${secondsSince(awaySinceMs)} s`;
      return { ok: true, detail: `degraded: ${what}` };
    },
  };
}

function peersCheck(peers: NonNullable<BrokerCheckParts["peers"]>): BrokerCheck {
  return {
    name: "peers",
    check: () => {
      const { awaySinceMs, nodes } = peers;
      if (awaySinceMs !== null) {
        const what = `no other process can be reached for ${secondsSince(awaySinceMs)} s`;
        return { ok: true, detail: `degraded: ${what}` };
      }
      const others = nodes.all();
      const counted = roles.map((role) => {
        const count = others.filter((node) => node.roles.includes(role)).length;
        return `${count} as ${role}`;
      });
      return { ok: true, detail: `besides this process: ${counted.join(", ")}` };
    },
  };
}

function secondsSince(sinceMs: number): number {
  return Math.round((performance.now() - sinceMs) / 1000);
}
