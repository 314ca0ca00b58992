import { useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { mayRetry } from "../api/api-error.ts";
import { call, serverClock } from "../api/page-api.ts";
import { readStoredKitchens } from "../offline/stored-answers.ts";
import { useOfflineSince } from "../offline/useOfflineSince.ts";
import { useNow } from "../design/clock.ts";
import type { Snapshot } from "./sensor-number.ts";
import { chooseAsked, kitchensShownMax, type ListedKitchen } from "./choose-asked.ts";
import { compareStandings, type Standing, standingOf } from "./standing.ts";

const refetchMs = 5_000;
const listRefetchMs = 60_000;
const manyRefetchMs = 10_000;
/** Beyond this many the platform is asked less often. */
const fewKitchens = 6;

/** Of these nothing is known but how many alerts are open. */
export interface LeftOutKitchens {
  count: number;
  openAlerts: number;
}

export const snapshotKey = (sppgId: string) => ["snapshot", sppgId] as const;

export interface Kitchens {
  /** All that the person may see, also those that no snapshot was asked of. */
  list: readonly ListedKitchen[];
  /** Worst first; a kitchen whose snapshot has not come yet is not among them. */
  standings: readonly Standing[];
  isLoading: boolean;
  /** Of the list, or of the first snapshot that failed; what is there is shown beside it. */
  error: unknown;
  leftOut: LeftOutKitchens;
  /** Since when no kitchen has been asked anew, in the page's clock; `null`: none was yet. */
  checkedAtMs: number | null;
  retry: () => void;
}

/**
 * The kitchens that the person may see, as they are now; counts ages, so it renews each second.
 * With `chosenId` that one is among them, however many there are.
 */
export function useKitchens(chosenId: string | null = null): Kitchens {
  const { list, leftOut, found, isLoading, error, askedAtMs, retry } = useSnapshots(chosenId);
  const offlineSinceMs = useOfflineSince();
  const nowMs = useNow();
  const standings = found.map((snapshot) => standingOf(snapshot, nowMs)).toSorted(compareStandings);
  return {
    list: list.data?.kitchens ?? [],
    standings,
    isLoading: list.isPending || isLoading,
    error: list.error ?? error,
    leftOut,
    // An answer that was stored comes at once, and is no look at the kitchen.
    checkedAtMs:
      askedAtMs === null ? null : Math.min(askedAtMs, offlineSinceMs ?? Number.POSITIVE_INFINITY),
    retry: () => {
      void list.refetch();
      retry();
    },
  };
}

/** What the navigation shows. `kitchenId`: `lastId` if it is one of them, else the first. */
export function useKitchenFacts(lastId: string | null): {
  kitchenId: string | null;
  unacknowledgedCount: number;
  isCriticalUnacknowledged: boolean;
} {
  const { list, found, others } = useSnapshots();
  const waiting = found
    .flatMap(({ alerts }) => alerts)
    .filter(({ response }) => response === "unacknowledged");
  const waitingElsewhere = others.map((kitchen) => kitchen.openAlerts?.unacknowledged ?? 0);
  const ids = list.data?.kitchens.map(({ sppgId }) => sppgId);
  return {
    kitchenId: ids === undefined ? lastId : (ids.find((id) => id === lastId) ?? ids[0] ?? null),
    unacknowledgedCount: waitingElsewhere.reduce((sum, count) => sum + count, waiting.length),
    isCriticalUnacknowledged: waiting.some(({ severity }) => severity === "critical"),
  };
}

/** The same snapshots as they are, for a page that shows all kitchens in its own way. */
export function useKitchenSnapshots() {
  const { list, leftOut, found, isLoading, error } = useSnapshots();
  return {
    kitchens: list.data?.kitchens ?? [],
    found,
    leftOut,
    isLoading: list.isPending || isLoading,
    isFailed: (list.error ?? error) !== null,
  };
}

/** Their names alone: for a page that reads one of them itself. */
export function useKitchenList() {
  return useQuery({
    queryKey: ["kitchens"],
    queryFn: ({ signal }) => listKitchens(signal),
    // What was stored is asked about again soon.
    refetchInterval: ({ state: { data } }) => {
      if (data === undefined || data.isStored) return refetchMs;
      // Of those that no snapshot is asked of, it alone tells that one has become the worst.
      return data.kitchens.length > kitchensShownMax ? manyRefetchMs : listRefetchMs;
    },
  });
}

/** Without a network: those whose last snapshot is stored on this screen. */
async function listKitchens(
  signal: AbortSignal,
): Promise<{ kitchens: readonly ListedKitchen[]; isStored: boolean }> {
  try {
    return { ...(await call("listKitchens", { signal })), isStored: false };
  } catch (error) {
    const stored = mayRetry(error) ? await readStoredKitchens() : [];
    if (stored.length === 0) throw error;
    return { kitchens: stored, isStored: true };
  }
}

/** One kitchen as it is now, for a page of one. */
export function useSnapshot(sppgId: string) {
  return useQuery({ ...snapshotQuery(sppgId), refetchInterval: refetchMs });
}

function snapshotQuery(sppgId: string) {
  return {
    queryKey: snapshotKey(sppgId),
    queryFn: ({ signal }: { signal: AbortSignal }) => readSnapshot(sppgId, signal),
  };
}

function useSnapshots(chosenId: string | null = null) {
  const list = useKitchenList();
  const all = list.data?.kitchens ?? [];
  const asked = chooseAsked(all, chosenId);
  const refetchInterval = refetchMs * Math.max(1, Math.ceil(asked.length / fewKitchens));
  const snapshots = useQueries({
    queries: asked.map(({ sppgId }) => ({ ...snapshotQuery(sppgId), refetchInterval })),
    combine: joinSnapshots,
  });
  const others = all.filter((kitchen) => !asked.includes(kitchen));
  const openAlerts = others.reduce((sum, kitchen) => sum + (kitchen.openAlerts?.open ?? 0), 0);
  return { list, leftOut: { count: others.length, openAlerts }, others, ...snapshots };
}

function joinSnapshots(results: readonly UseQueryResult<Snapshot>[]) {
  const known = results.filter(({ data }) => data !== undefined);
  return {
    askedAtMs:
      known.length === 0 ? null : Math.min(...known.map(({ dataUpdatedAt }) => dataUpdatedAt)),
    found: results.map(({ data }) => data).filter((data) => data !== undefined),
    isLoading: results.some((result) => result.isPending),
    error: results.find((result) => result.error !== null)?.error ?? null,
    retry: () => {
      for (const result of results) void result.refetch();
    },
  };
}

/** Times of hearing in the screen's own clock, in which ages are counted. */
async function readSnapshot(sppgId: string, signal: AbortSignal): Promise<Snapshot> {
  const snapshot = await call("readSnapshot", { params: { sppgId }, signal });
  const devices = snapshot.devices.map((device) => ({
    ...device,
    lastHeardAtMs:
      device.lastHeardAtMs === null ? null : serverClock.toPageMs(device.lastHeardAtMs),
  }));
  return { ...snapshot, devices };
}
