import type { Registry } from "../../devices/index.ts";
import { createDirectory, type DirectorySource } from "../decode/directory-cache.ts";
import type { Directory } from "../decode/directory.ts";
import type { PartitionRecords } from "../desk/desk.ts";
import { type Changes, createChanges } from "./changes.ts";
import { retry, type RetryOptions } from "./retry.ts";

/** The registry in memory, and the way in which it follows the change log. */
export interface LoadedRegistry {
  directory: Directory;
  changes: Pick<Changes, "follow" | "factsBetween">;
}

export async function loadRegistry(
  source: {
    registry: DirectorySource & Pick<Registry, "lastChangeSeq">;
    records: Pick<PartitionRecords, "factsBetween">;
  },
  untilItWorks: RetryOptions,
): Promise<LoadedRegistry> {
  const directory = createDirectory(source.registry);
  const changes = createChanges(source.records, directory);
  await retry(async () => {
    // The seq first: what changes while the directory is read is followed again.
    await changes.load(await source.registry.lastChangeSeq());
  }, untilItWorks);
  return { directory, changes };
}
