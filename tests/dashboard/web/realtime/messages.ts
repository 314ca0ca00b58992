import {
  type AlertData,
  formatPosition,
  type LiveReading,
  type RealtimeMessage,
} from "../../../../devices/index.ts";
import type { AlertRow } from "../../../../dashboard/web/realtime/kitchen-state.ts";
import { sppgId } from "../../server/kitchen-api.ts";

/** A cold store's value as the topic says it. */
export function readingMessage(
  offset: number,
  celsius: number,
  own: Partial<LiveReading> = {},
): RealtimeMessage {
  return {
    id: `${offset}.0`,
    type: "production_update",
    sppgId,
    domain: "production",
    data: {
      kind: "reading",
      deviceId: "probe-1",
      place: "coldStore",
      channel: "0",
      reading: "temperature",
      fields: { celsius },
      eventTimeMs: offset * 1_000,
      flags: [],
      ...own,
    },
    timestamp: offset * 1_000,
    position: formatPosition(offset),
  };
}

export function alertData(alertId: string, own: Partial<AlertData> = {}): AlertData {
  return {
    alertId,
    rule: { key: "cold-store-limit", version: 1 },
    severity: "critical",
    condition: "active",
    response: "unacknowledged",
    deviceId: "probe-1",
    channel: "0",
    reading: "temperature",
    field: "celsius",
    subject: null,
    value: 8,
    worstValue: 9,
    limit: null,
    openedAtMs: 1_000,
    clearedAtMs: null,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    correctiveAction: null,
    isLate: false,
    occurrences: 1,
    ...own,
  };
}

export function alertMessage(
  alertId: string,
  own: Partial<AlertData> = {},
  facts: { id?: string; offset?: number } = {},
): RealtimeMessage {
  const { id = `${alertId}.1`, offset = 1 } = facts;
  return {
    id,
    type: "production_alert",
    sppgId,
    domain: "production",
    data: alertData(alertId, own),
    timestamp: 1_000,
    position: formatPosition(offset),
  };
}

export function alertRow(alertId: string, own: Partial<AlertRow> = {}): AlertRow {
  const row = { sppgId, domain: "production", note: null, clearedBy: null } as const;
  return { ...alertData(alertId), ...row, isResolved: false, changeCount: 1, ...own };
}
