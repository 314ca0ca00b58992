import type { IngestRecords, PartitionRecords } from "../desk/desk.ts";
import type { Lease } from "../desk/leases.ts";
import type { LoadedRegistry } from "../worker/load-registry.ts";

type OwnsKitchen = (sppgId: string) => boolean;

/** The records as the owner of one partition sees them; rules of other kitchens are left out. */
export function recordsOfPartition(
  records: Pick<IngestRecords, "asOwner">,
  lease: Lease,
  ownsKitchen: OwnsKitchen,
): PartitionRecords {
  const ask =
    <Name extends keyof PartitionRecords>(name: Name) =>
    (...args: Parameters<PartitionRecords[Name]>): ReturnType<PartitionRecords[Name]> =>
      records.asOwner(lease, name, args);
  return {
    async rulesAsOf(changeSeq) {
      const rules = await records.asOwner(lease, "rulesAsOf", [changeSeq]);
      return rules.filter(({ sppgId }) => ownsKitchen(sppgId));
    },
    factsBetween: ask("factsBetween"),
    loadMonitorMeta: ask("loadMonitorMeta"),
    loadStateRows: ask("loadStateRows"),
    saveState: ask("saveState"),
    applyEffects: ask("applyEffects"),
    alertsMovedBetween: ask("alertsMovedBetween"),
    unpublished: ask("unpublished"),
    markPublished: ask("markPublished"),
    pruneOutbox: ask("pruneOutbox"),
  };
}

/** The directory is one for all partitions; of the changes each follows those of its kitchens. */
export function registryOfPartition(
  { directory, changes }: LoadedRegistry,
  ownsKitchen: OwnsKitchen,
): LoadedRegistry {
  return {
    directory,
    changes: {
      follow: (changeSeq) => changes.follow(changeSeq),
      async factsBetween(afterSeq, uptoSeq) {
        const { rules, commands, sppgIds } = await changes.factsBetween(afterSeq, uptoSeq);
        return {
          rules: rules.filter(({ sppgId }) => ownsKitchen(sppgId)),
          commands: commands.filter(({ sppgId }) => ownsKitchen(sppgId)),
          ...(sppgIds === undefined ? {} : { sppgIds: sppgIds.filter(ownsKitchen) }),
        };
      },
    },
  };
}
