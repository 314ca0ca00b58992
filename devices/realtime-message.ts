import * as z from "zod/mini";
import { documentIdPattern, type RealtimeDomain } from "./channels.ts";
import type { MessageReason } from "./errors.ts";
import { deviceIdSchema, sppgIdSchema } from "./ids.ts";
import { positionPattern } from "./position.ts";
import { readingSchema } from "./readings.ts";
import { devicePlaces } from "./registry/model.ts";

const text = (charsMax: number) => z.string().check(z.minLength(1), z.maxLength(charsMax));
const timeMs = z.int();
const value = z.nullable(z.number());

/** The newest values of one sensor, conflated: a page may miss some, never see them go back. */
export const liveReadingSchema = z.object({
  kind: z.literal("reading"),
  deviceId: deviceIdSchema,
  place: z.enum(devicePlaces),
  channel: readingSchema.shape.channel,
  reading: readingSchema.shape.reading,
  fields: readingSchema.shape.fields,
  eventTimeMs: timeMs,
  batteryPct: readingSchema.shape.batteryPct,
  flags: readingSchema.shape.flags,
});

export const alertSeverities = ["info", "warning", "critical"] as const;
/** Two axes: what is true of the food, and what people did about it. */
export const alertConditions = ["active", "cleared"] as const;
export const alertResponses = ["unacknowledged", "acknowledged"] as const;

/** The limit as it was in force when the alert opened; later changes never rewrite it. */
export const alertLimitSchema = z.object({
  key: text(64),
  value: z.number(),
  unit: text(16),
  source: text(300),
  sourceKind: z.enum(["regulation", "guidance", "project"]),
});

/** The whole row each time, so that one message is enough to draw it. */
export const alertSchema = z.object({
  alertId: text(64),
  rule: z.object({ key: text(64), version: z.int() }),
  severity: z.enum(alertSeverities),
  condition: z.enum(alertConditions),
  response: z.enum(alertResponses),
  /** What it is about: a device, or else a lot, batch, trip or kitchen that the rule names. */
  deviceId: z.nullable(deviceIdSchema),
  channel: z.nullable(readingSchema.shape.channel),
  reading: z.nullable(readingSchema.shape.reading),
  field: z.nullable(text(32)),
  subject: z.nullable(text(128)),
  /** At opening, and the worst since; `null` for a sensor that is silent. */
  value,
  worstValue: value,
  limit: z.nullable(alertLimitSchema),
  openedAtMs: timeMs,
  clearedAtMs: z.nullable(timeMs),
  acknowledgedAtMs: z.nullable(timeMs),
  acknowledgedBy: z.nullable(text(128)),
  correctiveAction: z.nullable(text(2000)),
  /** Opened by a reading that came after newer ones. */
  isLate: z.boolean(),
  /** How often it came back within one episode. */
  occurrences: z.int().check(z.minimum(1)),
});

/** Something has happened to a shared document, whose content travels on topics of its own. */
export const collaborationSchema = z.object({
  documentId: z.string().check(z.regex(documentIdPattern)),
  kind: z.enum(["opened", "changed", "published", "closed"]),
  revision: z.int().check(z.minimum(0)),
});

/** For people: a key of the screens' language files with its values, since screens speak two. */
export const notificationSchema = z.object({
  notificationId: text(64),
  severity: z.enum(alertSeverities),
  messageKey: text(64),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  alertId: z.nullable(text(64)),
});

function messageSchema<T extends string, D extends RealtimeDomain, S extends z.ZodMiniType>(
  type: T,
  domain: D,
  data: S,
) {
  return z.object({
    /** Stable: the same message sent again carries the same id. */
    id: text(128),
    type: z.literal(type),
    sppgId: sppgIdSchema,
    domain: z.literal(domain),
    data,
    /** UTC ms. */
    timestamp: timeMs,
    position: z.string().check(z.regex(positionPattern)),
    /** Who caused it, if a person did. */
    userId: z.optional(text(128)),
  });
}

// A domain that has more to say than readings adds its kinds to the data of its update.
export const realtimeMessageSchema = z.discriminatedUnion("type", [
  messageSchema("production_update", "production", liveReadingSchema),
  messageSchema("distribution_update", "distribution", liveReadingSchema),
  messageSchema("inventory_update", "inventory", liveReadingSchema),
  messageSchema("production_alert", "production", alertSchema),
  messageSchema("distribution_alert", "distribution", alertSchema),
  messageSchema("inventory_alert", "inventory", alertSchema),
  messageSchema("collaboration", "collaboration", collaborationSchema),
  messageSchema("notification", "notifications", notificationSchema),
]);

export type RealtimeMessage = z.infer<typeof realtimeMessageSchema>;
export type RealtimeMessageType = RealtimeMessage["type"];
export type LiveReading = z.infer<typeof liveReadingSchema>;
export type AlertData = z.infer<typeof alertSchema>;

/** As large as one MQTT packet may be. A live value has about 300 characters. */
export const messageCharsMax = 262_144;

export type MessageFailure = {
  ok: false;
  code: MessageReason;
  /** Where and what, bounded: `data.severity: Invalid option`. */
  issues: readonly string[];
};
export type EncodedMessage = { ok: true; text: string } | MessageFailure;
export type DecodedMessage = { ok: true; message: RealtimeMessage } | MessageFailure;

/** Unknown fields are left out, on both ways. Never throws. */
export function encodeRealtimeMessage(message: RealtimeMessage): EncodedMessage {
  const parsed = parseMessage(message);
  if (!parsed.ok) return parsed;
  const text = JSON.stringify(parsed.message);
  return text.length > messageCharsMax ? tooLarge(text) : { ok: true, text };
}

/** What comes from a topic or a channel. Never throws. */
export function decodeRealtimeMessage(text: string): DecodedMessage {
  if (text.length > messageCharsMax) return tooLarge(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const issue = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "DEVICES_MESSAGE_NOT_JSON", issues: [issue.slice(0, 200)] };
  }
  return parseMessage(value);
}

const issuesMax = 8;

function parseMessage(value: unknown): DecodedMessage {
  const parsed = realtimeMessageSchema.safeParse(value);
  if (parsed.success) return { ok: true, message: parsed.data };
  const issues = parsed.error.issues
    .slice(0, issuesMax)
    .map((issue) => `${issue.path.join(".")}: ${issue.message}`.slice(0, 200));
  return { ok: false, code: "DEVICES_MESSAGE_INVALID", issues };
}

function tooLarge(text: string): MessageFailure {
  const issue = `${text.length} characters, at most ${messageCharsMax}`;
  return { ok: false, code: "DEVICES_MESSAGE_TOO_LARGE", issues: [issue] };
}
