import { type QueryClient, useQuery } from "@tanstack/react-query";
import { call, serverClock } from "../../api/page-api.ts";
import { useNow } from "../../design/clock.ts";
import { snapshotKey } from "../../kitchens/useKitchens.ts";
import { useLink } from "../../realtime/useLink.ts";
import { useSession } from "../../session/SessionProvider.tsx";
import { type DeviceView, type Statuses, viewDevices } from "./device-view.ts";
import { useHeardTimes } from "./useHeardTimes.ts";

/** What the live link does not tell: devices of no place, connections, rejected messages. */
const refetchMs = 5_000;

const devicesKey = (sppgId: string) => ["devices", sppgId] as const;
const statusKey = (sppgId: string) => ["device-status", sppgId] as const;

export interface Devices {
  /** `null` until the list is there. */
  views: readonly DeviceView[] | null;
  /** `null` for who may not ask, or until it is there. */
  statuses: Statuses | null;
  error: unknown;
  statusError: unknown;
  retry: () => void;
}

/** The devices of a kitchen as they are now; renews each second, since it counts ages. */
export function useDevices(sppgId: string): Devices {
  const { may } = useSession();
  const list = useQuery({
    queryKey: devicesKey(sppgId),
    queryFn: ({ signal }) => call("listDevices", { params: { sppgId }, signal }),
    refetchInterval: refetchMs,
  });
  const status = useQuery({
    queryKey: statusKey(sppgId),
    queryFn: ({ signal }) => readStatuses(sppgId, signal),
    refetchInterval: refetchMs,
    enabled: may("readDeviceStatus"),
  });
  const heard = useHeardTimes(sppgId);
  const link = useLink();
  const nowMs = useNow();
  const { data: listed } = list;
  const statuses = status.data ?? null;
  const views =
    listed === undefined
      ? null
      : viewDevices({
          devices: listed.devices,
          statuses: statuses?.statuses ?? [],
          heard,
          // Of what is since then an offline screen knows nothing: least that devices fell silent.
          nowMs: link.phase === "lost" ? link.sinceMs : nowMs,
        });
  return {
    views,
    statuses,
    error: list.error,
    statusError: status.error,
    retry: () => {
      void list.refetch();
      void status.refetch();
    },
  };
}

/** After a change: everything that shows devices is read again. */
export async function refreshDevices(queries: QueryClient, sppgId: string): Promise<void> {
  await Promise.all(
    [devicesKey(sppgId), statusKey(sppgId), snapshotKey(sppgId)].map((queryKey) =>
      queries.invalidateQueries({ queryKey }),
    ),
  );
}

/** Times in the screen's own clock, in which ages are counted. */
async function readStatuses(sppgId: string, signal: AbortSignal): Promise<Statuses> {
  const answer = await call("readDeviceStatus", { params: { sppgId }, signal });
  const toPage = (atMs: number | null) => (atMs === null ? null : serverClock.toPageMs(atMs));
  return {
    ...answer,
    statuses: answer.statuses.map((one) => ({
      ...one,
      receivedTimeMs: toPage(one.receivedTimeMs),
      deadLetters: { ...one.deadLetters, newestAtMs: toPage(one.deadLetters.newestAtMs) },
    })),
  };
}
