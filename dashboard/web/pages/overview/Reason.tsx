import { useAlertDescription } from "../../alerts/AlertCard.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { overviewTexts } from "../../i18n/overview.ts";
import type { AlertRow, Standing } from "../../kitchens/standing.ts";
import { reasonOf } from "./summary.ts";

/** Why a kitchen is in its state, in one sentence: its worst alert, or what else. */
export function Reason({ standing }: { standing: Standing }) {
  const t = useTexts(overviewTexts);
  const format = useFormat();
  const [alert] = standing.alerts;
  const isAlertTheReason =
    alert !== undefined && alert.condition === "active" && standing.silentGateway === null;
  return isAlertTheReason ? (
    <AlertReason alert={alert} standing={standing} />
  ) : (
    reasonOf(standing, t, format)
  );
}

function AlertReason({ alert, standing }: { alert: AlertRow; standing: Standing }) {
  const { kitchen, devices } = standing.snapshot;
  const { title, value } = useAlertDescription(alert, { timeZone: kitchen.timeZone, devices });
  return <>{value === null ? title : `${title}: ${value}`}</>;
}
