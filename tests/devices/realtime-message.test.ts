import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatPosition } from "../../devices/position.ts";
import {
  decodeRealtimeMessage,
  encodeRealtimeMessage,
  messageCharsMax,
  type RealtimeMessage,
  type RealtimeMessageType,
} from "../../devices/realtime-message.ts";

const common = {
  id: "m-1",
  sppgId: "sppg-jakarta-001",
  timestamp: 1795300000000,
  position: formatPosition(42),
} as const;

const live = {
  kind: "reading",
  deviceId: "probe-1",
  place: "cooking",
  channel: "0",
  reading: "temperature",
  fields: { celsius: 73.2 },
  eventTimeMs: 1795300000000,
  batteryPct: 91,
  flags: [],
} as const;

const alert = {
  alertId: "al-1",
  rule: { key: "coldHolding", version: 3 },
  severity: "critical",
  condition: "active",
  response: "unacknowledged",
  deviceId: "probe-1",
  channel: "0",
  reading: "temperature",
  field: "celsius",
  subject: null,
  value: 6.1,
  worstValue: 9.4,
  limit: {
    key: "coldHoldingMax",
    value: 5,
    unit: "Cel",
    source: "health inspection form",
    sourceKind: "regulation",
  },
  openedAtMs: 1795300000000,
  clearedAtMs: null,
  acknowledgedAtMs: null,
  acknowledgedBy: null,
  correctiveAction: null,
  isLate: false,
  occurrences: 1,
} as const;

const messages = {
  production_update: {
    ...common,
    type: "production_update",
    domain: "production",
    data: { ...live, flags: [] },
  },
  distribution_update: {
    ...common,
    type: "distribution_update",
    domain: "distribution",
    data: {
      ...live,
      place: "vehicle",
      reading: "position",
      fields: { lat: -6.2, lon: 106.8 },
      flags: ["implausible"],
    },
  },
  inventory_update: {
    ...common,
    type: "inventory_update",
    domain: "inventory",
    data: { ...live, place: "stockScale", reading: "weight", fields: { weightKg: 1 }, flags: [] },
  },
  production_alert: { ...common, type: "production_alert", domain: "production", data: alert },
  distribution_alert: {
    ...common,
    type: "distribution_alert",
    domain: "distribution",
    data: { ...alert, value: null, worstValue: null, limit: null },
  },
  inventory_alert: {
    ...common,
    type: "inventory_alert",
    domain: "inventory",
    data: { ...alert, deviceId: null, channel: null, reading: null, field: null, subject: "lot-7" },
    userId: "user-1",
  },
  collaboration: {
    ...common,
    type: "collaboration",
    domain: "collaboration",
    data: { documentId: "menu-42", kind: "changed", revision: 9 },
  },
  notification: {
    ...common,
    type: "notification",
    domain: "notifications",
    data: {
      notificationId: "n-1",
      severity: "warning",
      messageKey: "batchNearLimit",
      values: { minutesLeft: 12, batch: "Ayam" },
      alertId: null,
    },
  },
} as const satisfies Record<RealtimeMessageType, RealtimeMessage>;

const types = Object.keys(messages) as RealtimeMessageType[];

/** The object above, as a value that a test may change. */
function messageOf(type: RealtimeMessageType): RealtimeMessage {
  return structuredClone<RealtimeMessage>(messages[type]);
}

test.for(types)("a %s comes back from its text unchanged", (type) => {
  const encoded = encodeRealtimeMessage(messageOf(type));
  expect(encoded).toMatchObject({ ok: true });
  if (!encoded.ok) return;
  expect(decodeRealtimeMessage(encoded.text)).toEqual({ ok: true, message: messages[type] });
});

test.for(types)("a %s is refused in a domain that does not fit its type", (type) => {
  const domain = type.startsWith("inventory") ? "production" : "inventory";
  const decoded = decodeRealtimeMessage(JSON.stringify({ ...messageOf(type), domain }));
  expect(decoded).toMatchObject({ ok: false, code: "DEVICES_MESSAGE_INVALID" });
});

test.for(types)("a %s with another type's data is refused", (type) => {
  const other = type === "notification" ? messages.collaboration : messages.notification;
  const decoded = decodeRealtimeMessage(JSON.stringify({ ...messageOf(type), data: other.data }));
  expect(decoded).toMatchObject({ ok: false, code: "DEVICES_MESSAGE_INVALID" });
});

test.for([
  ["no id", { id: undefined }],
  ["an unknown type", { type: "kitchen_update" }],
  ["a foreign kitchen id", { sppgId: "../etc" }],
  ["a position that is too narrow", { position: "42" }],
  ["a time that is no number", { timestamp: "2026-11-22" }],
] as const)("a message with %s is refused and the issue says where", ([, change]) => {
  const decoded = decodeRealtimeMessage(
    JSON.stringify({ ...messageOf("production_update"), ...change }),
  );
  expect(decoded).toMatchObject({ ok: false, code: "DEVICES_MESSAGE_INVALID" });
  const [field] = Object.keys(change);
  expect(decoded.ok ? "" : decoded.issues.join()).toContain(field);
});

test("a value that JSON can't carry is refused when it is encoded", () => {
  const message = messageOf("production_update");
  if (message.type !== "production_update") return;
  message.data.fields["celsius"] = Number.NaN;
  expect(encodeRealtimeMessage(message)).toMatchObject({ code: "DEVICES_MESSAGE_INVALID" });
});

test("unknown fields are left out", () => {
  const text = JSON.stringify({ ...messageOf("notification"), extra: 1 });
  expect(decodeRealtimeMessage(text)).toEqual({ ok: true, message: messages.notification });
});

test("a field named __proto__ is left out and pollutes nothing", () => {
  const text = JSON.stringify(messageOf("production_update")).replace(
    '"celsius"',
    '"__proto__":{"celsius":1},"celsius"',
  );
  const decoded = decodeRealtimeMessage(text);
  expect(decoded).toEqual({ ok: true, message: messages.production_update });
  expect(({} as Record<string, unknown>)["celsius"]).toBeUndefined();
});

test("a text above the limit is refused unread", () => {
  const decoded = decodeRealtimeMessage(" ".repeat(messageCharsMax + 1));
  expect(decoded).toMatchObject({ ok: false, code: "DEVICES_MESSAGE_TOO_LARGE" });
});

test("any text and any value decodes to a message or to a reason", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const decoded = decodeRealtimeMessage(text);
      expect(decoded.ok || decoded.issues.length > 0).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.string(), fc.anything(), (type, key, value) => {
      const mutated = { ...messageOf(type), [key]: value };
      const encoded = encodeRealtimeMessage(mutated);
      expect(typeof (encoded.ok ? encoded.text : encoded.code)).toBe("string");
    }),
  );
});
