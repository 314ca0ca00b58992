import { alertSeverity } from "../alerts/alert-kind.ts";
import type { AlertPlace, AlertRow } from "../alerts/describe-alert.ts";
import { audibleSeverities, type RingingAlert } from "./sound-schedule.ts";

export interface WatchedAlert {
  alert: AlertRow;
  place: AlertPlace;
}

/** Those that are so now and wait for an answer. */
export function ringingOf(watched: readonly WatchedAlert[]): readonly RingingAlert[] {
  return watched.flatMap(({ alert }) => {
    if (alert.condition !== "active" || alert.response !== "unacknowledged") return [];
    const severity = audibleSeverities.find((name) => name === alertSeverity(alert));
    return severity === undefined ? [] : [{ alertId: alert.alertId, severity }];
  });
}
