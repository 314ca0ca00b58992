import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { call } from "../api/page-api.ts";
import { useCommandKey } from "../api/useCommandKey.ts";
import type { Snapshot } from "../kitchens/sensor-number.ts";
import { snapshotKey } from "../kitchens/useKitchens.ts";
import type { AlertRow } from "./describe-alert.ts";

export interface Resolution {
  correctiveAction: string | null;
  note: string | null;
}

/** What a person does about an alert; what the server answers shows at once. */
export function useAlertActions({ sppgId, alertId }: Pick<AlertRow, "sppgId" | "alertId">) {
  const queries = useQueryClient();
  const keyFor = useCommandKey();
  const params = { sppgId, alertId };
  const onSuccess = (alert: AlertRow): Promise<void> => takeAnswer(queries, alert);
  const acknowledge = useMutation({
    mutationFn: () => call("acknowledgeAlert", { params, body: {}, idempotencyKey: keyFor({}) }),
    onSuccess,
  });
  const resolve = useMutation({
    mutationFn: (body: Resolution) =>
      call("resolveAlert", { params, body, idempotencyKey: keyFor(body) }),
    onSuccess,
  });
  return { acknowledge, resolve };
}

async function takeAnswer(queries: QueryClient, alert: AlertRow): Promise<void> {
  queries.setQueryData<Snapshot>(snapshotKey(alert.sppgId), (snapshot) =>
    snapshot === undefined ? snapshot : withAlert(snapshot, alert),
  );
  await Promise.all([
    queries.invalidateQueries({ queryKey: snapshotKey(alert.sppgId) }),
    queries.invalidateQueries({ queryKey: ["alerts", alert.sppgId] }),
  ]);
}

function withAlert(snapshot: Snapshot, alert: AlertRow): Snapshot {
  const alerts = snapshot.alerts
    .map((known) => (known.alertId === alert.alertId ? alert : known))
    .filter(({ isResolved }) => !isResolved);
  return { ...snapshot, alerts };
}
