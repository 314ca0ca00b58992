import * as z from "zod/mini";
import { timeMs, timeParameter, wholeParameter } from "./fields.ts";

/** First words of the audit log's actions: what a filter offers. */
export const auditKinds = [
  "session",
  "user",
  "kitchen",
  "device",
  "rule",
  "alert",
  "screen",
  "http",
  "mqtt",
] as const;
export type AuditKind = (typeof auditKinds)[number];

export const auditEventSchema = z
  .object({
    id: z.int(),
    atMs: timeMs,
    actor: z
      .string()
      .check(z.describe("`user:<email>`, `device:<sppgId>.<deviceId>`, `cli` or `anonymous`")),
    action: z.string().check(z.describe("A dotted verb, e.g. `user.add`")),
    sppgId: z.nullable(z.string()),
    subject: z.nullable(z.string()),
    address: z.nullable(z.string()),
    outcome: z.enum(["done", "refused", "failed"]),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .check(z.meta({ id: "AuditEvent" }));

export const auditSchema = z.object({
  events: z.array(auditEventSchema),
  nextCursor: z
    .nullable(z.string())
    .check(z.describe("For what is older. A page may be short, even empty, and still have one")),
});

const limit = { min: 1, max: 500, about: "How many lines, 100 unless told" };

export const auditQuery = z.strictObject({
  kind: z.optional(z.enum(auditKinds)),
  outcome: z.optional(z.enum(["done", "refused", "failed"])),
  from: z.optional(timeParameter),
  to: z.optional(timeParameter),
  cursor: z.optional(z.string().check(z.maxLength(200))),
  limit: z.optional(wholeParameter(limit)),
});
