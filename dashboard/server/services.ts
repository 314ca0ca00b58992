import type { AuditSink } from "../../broker/index.ts";
import type { Registry, RegistryChange } from "../../devices/index.ts";
import type { Desk, HistoryThread, KitchenSnapshot } from "../../ingest/index.ts";
import type { People } from "./people/people.ts";

/** What the API needs of the other services; `nadi.ts` hands it in. */
export interface DashboardServices {
  registry: Pick<Registry, "findKitchen" | "listKitchens" | "listDevices">;
  people: People;
  desk: Desk;
  history: Pick<HistoryThread, "buckets" | "raw" | "track" | "preview">;
  ingest: {
    /** The newest values of a kitchen, from the monitor's state. */
    snapshot(sppgId: string): Promise<KitchenSnapshot>;
    /** Resolves when everything that was acknowledged before the call can be read. */
    flush(): Promise<void>;
  };
  changes: { onChange(listener: (change: RegistryChange) => void): () => void };
  audit: AuditSink;
}
