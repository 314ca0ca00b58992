import * as z from "zod/mini";
import { kitchenParams, timeMs } from "./fields.ts";
import { sessionIdSchema, sessionSchema } from "./session.ts";

/** No vowels, so that no code is a word; none of 0 1 I L O, which look alike from five metres. */
export const pairingAlphabet = "BCDFGHJKMNPQRSTVWXYZ23456789";
export const pairingCodeLength = 8;

/** As people type it: small letters, spaces and dashes do no harm. */
export const pairingCodeSchema = z.pipe(
  z.string().check(z.maxLength(40)),
  z.pipe(
    z.transform((text: string) => text.toUpperCase().replaceAll(/[\s-]/g, "")),
    z.string().check(z.regex(/^[A-Z0-9]{8}$/, "must be the 8 letters and digits of the screen")),
  ),
);

export const openPairingBody = z.strictObject({});

export const pairingSchema = z
  .object({
    secret: z
      .string()
      .check(z.describe("Of the screen alone: it collects the session; the code never does")),
    code: z.string().check(z.describe("What a person enters for one kitchen of theirs")),
    expiresAtMs: timeMs,
  })
  .check(z.meta({ id: "Pairing" }));

export const collectPairingBody = z.strictObject({
  secret: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
});

export const collectedPairingSchema = z.object({
  session: z
    .nullable(sessionSchema)
    .check(z.describe("`null` while nobody has entered the code; else the cookie comes with it")),
});

const screenNameCharactersMax = 60;

export const pairScreenBody = z.strictObject({
  code: pairingCodeSchema,
  name: z
    .string()
    .check(
      z.trim(),
      z.minLength(1),
      z.maxLength(screenNameCharactersMax),
      z.regex(/^\P{Cc}*$/u, "must have no control characters"),
      z.describe("What people call the wall that it hangs on"),
    ),
});

export const pairedScreenSchema = z.object({
  name: z.string(),
  address: z.string().check(z.describe("Where the screen asked from")),
  userAgent: z.nullable(z.string()),
});

export const screenSchema = z
  .object({
    sessionId: z.string(),
    name: z.string(),
    pairedBy: z.string(),
    createdAtMs: timeMs,
    lastSeenAtMs: timeMs,
    expiresAtMs: timeMs,
    address: z.nullable(z.string()),
    userAgent: z.nullable(z.string()),
  })
  .check(z.meta({ id: "Screen" }));

export const screensSchema = z.object({ screens: z.array(screenSchema) });

export const screenParams = z.extend(kitchenParams, { sessionId: sessionIdSchema });
