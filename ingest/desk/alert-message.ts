import { encodeRealtimeMessage, formatChannel, formatPosition } from "../../devices/index.ts";
import type { RealtimeMessage } from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import type { AlertRow, OutboxMessage } from "./desk.ts";

interface MessageFacts {
  id: string;
  timestampMs: number;
  /** The journal entry that it stands at. */
  offset: number;
  /** Who caused it, if a person did. */
  userId?: string;
}

/** As wide as the realtime message allows. */
const userIdCharactersMax = 128;

/** The whole row as a realtime message, on the channel of its domain. */
export function formatAlertMessage(alert: AlertRow, facts: MessageFacts): OutboxMessage {
  const { sppgId, domain } = alert;
  const { id, timestampMs, offset, userId } = facts;
  const message = {
    id,
    type: `${domain}_alert`,
    sppgId,
    domain,
    data: alert,
    timestamp: timestampMs,
    position: formatPosition(offset),
    ...(userId === undefined ? {} : { userId: userId.slice(0, userIdCharactersMax) }),
  };
  return {
    id,
    channel: formatChannel({ sppgId, domain, type: "alerts" }),
    // The type goes with its domain, which the compiler can't follow; encoding checks it.
    text: encode(message as RealtimeMessage),
  };
}

/** The same message with the alert as it is now, at the entry where it is sent. */
export function placeMessage(text: string, alert: AlertRow, offset: number): string {
  // Written by formatAlertMessage.
  const message = JSON.parse(text) as RealtimeMessage;
  const placed = { ...message, data: alert, position: formatPosition(offset) };
  return encode(placed as RealtimeMessage);
}

/** An alert that is no message is a fault of whoever made it: the batch stops here, unsaved. */
function encode(message: RealtimeMessage): string {
  const encoded = encodeRealtimeMessage(message);
  if (encoded.ok) return encoded.text;
  throw ingestError("INGEST_INTERNAL", {
    message: `The alert of message ${message.id} is no message: ${encoded.issues.join("; ")}.`,
    facts: { id: message.id, issues: encoded.issues.join("; ") },
  });
}
