import { useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { mayRetry } from "../api/api-error.ts";
import { call, serverClock } from "../api/page-api.ts";
import { readStoredKitchens } from "../offline/stored-answers.ts";
import { useNow } from "../design/clock.ts";
import type { Snapshot } from "./sensor-number.ts";
import { compareStandings, type Standing, standingOf } from "./standing.ts";

/** A page asks for no more snapshots than this at a time: the rest is said to be left out. */
export const kitchensShownMax = 30;
const refetchMs = 5_000;
const listRefetchMs = 60_000;
/** Beyond this many the platform is asked less often. */
const fewKitchens = 6;

export const snapshotKey = (sppgId: string) => ["snapshot", sppgId] as const;

export interface Kitchens {
  /** Worst first; a kitchen whose snapshot has not come yet is not among them. */
  standings: readonly Standing[];
  isLoading: boolean;
  /** Of the list, or of the first snapshot that failed; what is there is shown beside it. */
  error: unknown;
  leftOut: number;
  retry: () => void;
}

/** The kitchens that the person may see, as they are now; counts ages, so it renews each second. */
export function useKitchens(): Kitchens {
  const { list, leftOut, found, isLoading, error, retry } = useSnapshots();
  const nowMs = useNow();
  const standings = found.map((snapshot) => standingOf(snapshot, nowMs)).toSorted(compareStandings);
  return {
    standings,
    isLoading: list.isPending || isLoading,
    error: list.error ?? error,
    leftOut,
    retry: () => {
      void list.refetch();
      retry();
    },
  };
}

/** What the navigation shows of them. `firstId`: where "Kitchen" leads before one was chosen. */
export function useKitchenFacts(): { firstId: string | null; unacknowledgedCount: number } {
  const { list, found } = useSnapshots();
  const open = found.flatMap(({ alerts }) => alerts);
  return {
    firstId: list.data?.kitchens[0]?.sppgId ?? null,
    unacknowledgedCount: open.filter(({ response }) => response === "unacknowledged").length,
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
    refetchInterval: ({ state }) => (state.data?.isStored === true ? refetchMs : listRefetchMs),
  });
}

/** Without a network: those whose last snapshot is stored on this screen. */
async function listKitchens(signal: AbortSignal) {
  try {
    return { ...(await call("listKitchens", { signal })), isStored: false };
  } catch (error) {
    const stored = mayRetry(error) ? await readStoredKitchens() : [];
    if (stored.length === 0) throw error;
    return { kitchens: stored, isStored: true };
  }
}

function useSnapshots() {
  const list = useKitchenList();
  const all = list.data?.kitchens ?? [];
  const asked = all.slice(0, kitchensShownMax);
  const refetchInterval = refetchMs * Math.max(1, Math.ceil(asked.length / fewKitchens));
  const snapshots = useQueries({
    queries: asked.map(({ sppgId }) => ({
      queryKey: snapshotKey(sppgId),
      queryFn: ({ signal }: { signal: AbortSignal }) => readSnapshot(sppgId, signal),
      refetchInterval,
    })),
    combine: joinSnapshots,
  });
  return { list, leftOut: all.length - asked.length, ...snapshots };
}

function joinSnapshots(results: readonly UseQueryResult<Snapshot>[]) {
  return {
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
