import type { LoadedDirectory } from "../decode/directory-cache.ts";
import type { IngestRecords } from "../desk/desk.ts";
import type { ChangeFacts } from "../monitor/monitor.ts";

/** A change that names more kitchens than this is cheaper to follow by reading all of them. */
const refreshedKitchensMax = 500;
const noFacts: ChangeFacts = Object.freeze({ rules: [], commands: [] });

export interface Changes {
  /** Reads the directory; what changes from then on is followed. */
  load(changeSeq: number): Promise<void>;
  /** Resolves when the directory is at least as new as this change. */
  follow(changeSeq: number): Promise<void>;
  /** What the monitor needs to know of the changes behind `afterSeq`, up to this one. */
  factsBetween(afterSeq: number, uptoSeq: number): Promise<ChangeFacts>;
}

/** Brings what the change log says to decoder and monitor, each in its own order. */
export function createChanges(
  records: Pick<IngestRecords, "factsBetween">,
  directory: LoadedDirectory,
): Changes {
  let directorySeq = 0;
  let following: Promise<void> = Promise.resolve();
  /** The monitor asks for what the directory has just asked for. */
  let latest: { range: string; facts: ChangeFacts } | null = null;

  const ask = async (afterSeq: number, uptoSeq: number) => {
    const answer = await records.factsBetween(afterSeq, uptoSeq);
    const { rules, commands, sppgIds } = answer;
    latest = { range: `${afterSeq} ${uptoSeq}`, facts: { rules, commands, sppgIds } };
    return answer;
  };
  const reach = async (changeSeq: number): Promise<void> => {
    if (changeSeq <= directorySeq) return;
    const { sppgIds, hasRegistryChange } = await ask(directorySeq, changeSeq);
    if (hasRegistryChange) {
      if (sppgIds.length > refreshedKitchensMax) await directory.load();
      else await directory.refresh(sppgIds);
    }
    directorySeq = changeSeq;
  };
  return {
    async load(changeSeq) {
      await directory.load();
      directorySeq = changeSeq;
    },
    follow(changeSeq) {
      // One after another, so that an older answer never overwrites a newer one.
      const next = following.then(() => reach(changeSeq));
      following = Promise.allSettled([next]).then(() => undefined);
      return next;
    },
    async factsBetween(afterSeq, uptoSeq) {
      // Each start of the process notes the change that is in force: often nothing new.
      if (uptoSeq <= afterSeq) return noFacts;
      if (latest?.range === `${afterSeq} ${uptoSeq}`) return latest.facts;
      const { rules, commands, sppgIds } = await ask(afterSeq, uptoSeq);
      return { rules, commands, sppgIds };
    },
  };
}
