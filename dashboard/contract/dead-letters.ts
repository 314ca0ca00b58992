import * as z from "zod/mini";
import { deviceIdSchema } from "../../devices/browser.ts";
import { deviceParameter, timeMs, wholeParameter } from "./fields.ts";

const limit = { min: 1, max: 500, about: "How many dead letters, 100 unless told" };

export const deadLettersQuery = z.strictObject({
  device: z.optional(deviceParameter),
  limit: z.optional(wholeParameter(limit)),
});

export const deadLetterSchema = z
  .object({
    deviceId: deviceIdSchema,
    topicName: z.string(),
    firstBytes: z.string().check(z.describe("The payload's first bytes, base64")),
    preview: z.string().check(z.describe("The same as text, what can't be shown replaced")),
    payloadBytes: z.int(),
    reason: z.string().check(z.describe("A stable code")),
    detail: z.string(),
    receivedTimeMs: timeMs,
    number: z.int().check(z.describe("Which of the device's dead letters it is, from 1")),
  })
  .check(z.meta({ id: "DeadLetter" }));

export const deadLettersSchema = z.object({ deadLetters: z.array(deadLetterSchema) });
