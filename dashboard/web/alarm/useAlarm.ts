import { useSyncExternalStore } from "react";
import type { AlarmState } from "./alarm.ts";
import {
  type NotificationChoice,
  onNotificationChoice,
  readNotificationChoice,
} from "./notifications.ts";
import { pageAlarm } from "./page-alarm.ts";

export function useAlarm(): AlarmState {
  return useSyncExternalStore(followState, () => pageAlarm.state);
}

function followState(listener: () => void): () => void {
  return pageAlarm.onChange.add(listener);
}

export function useNotificationChoice(): NotificationChoice {
  return useSyncExternalStore(followChoice, readNotificationChoice);
}

function followChoice(listener: () => void): () => void {
  return onNotificationChoice.add(listener);
}
