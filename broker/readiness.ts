import type { CountedChannelSubscriber } from "./channels/channels.ts";
import type { ClusterState } from "./cluster/cluster.ts";
import { clusterCheck } from "./cluster/readiness.ts";
import type { Journal } from "./journal/journal.ts";
import type { RedisDurability } from "./journal/redis/durability.ts";
import type { LoginSource } from "./ports.ts";

/** One named thing that must hold before work may be sent here; `/readyz` asks it. */
export interface BrokerCheck {
  name: string;
  check(): { ok: boolean; detail: string };
}

export interface BrokerCheckParts {
  /** `null`: devices connect to the broker itself. */
  cluster?: { readonly state: ClusterState } | null;
  /** One with a `durability` says itself what an acknowledgement means. */
  journal: Pick<Journal, "condition"> & { readonly durability?: RedisDurability };
  logins: LoginSource;
  channels: Pick<CountedChannelSubscriber, "awaySinceMs">;
}

/**
 * What the broker cannot do without: a journal that takes entries, and a registry it follows. The
 * live view is told of and never red: readings are taken without it.
 */
export function brokerChecks(parts: BrokerCheckParts): BrokerCheck[] {
  const { journal, logins, channels, cluster = null } = parts;
  return [
    ...(cluster === null ? [] : [clusterCheck(cluster)]),
    {
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
    },
    {
      name: "registry",
      check: () => ({
        ok: logins.isReadable,
        detail: logins.isReadable ? "followed within a second" : "change log can't be read",
      }),
    },
    {
      name: "live-view",
      check: () => {
        const { awaySinceMs } = channels;
        if (awaySinceMs === null) return { ok: true, detail: "pages hear what happens" };
        const seconds = Math.round((performance.now() - awaySinceMs) / 1000);
        return { ok: true, detail: `degraded: pages have heard nothing new for ${seconds} s` };
      },
    },
  ];
}
