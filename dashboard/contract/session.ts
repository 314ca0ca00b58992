import * as z from "zod/mini";
import { timeMs } from "./fields.ts";
import { personRoles } from "./roles.ts";

/** RFC 5321 section 4.5.3.1.3, as for the registry. */
const emailCharactersMax = 254;
/** It becomes a line of the audit log, also if there is no such person. */
const noControlCharacters = /^\P{Cc}*$/u;
/** Long enough for any passphrase; what is longer only costs work. */
export const passwordCharactersMax = 256;

/** Whatever somebody types as one: whether there is such a person is found out elsewhere. */
export const emailSchema = z
  .string()
  .check(
    z.trim(),
    z.toLowerCase(),
    z.minLength(1),
    z.maxLength(emailCharactersMax),
    z.regex(noControlCharacters, "must have no control characters"),
  );

export const signInBody = z
  .strictObject({
    email: emailSchema,
    password: z.string().check(z.minLength(1), z.maxLength(passwordCharactersMax)),
  })
  .check(z.meta({ id: "SignIn" }));

export const sessionSchema = z
  .object({
    email: z.nullable(z.string()).check(z.describe("`null`: a wall screen, which is nobody")),
    screenName: z
      .nullable(z.string())
      .check(z.describe("What people call the wall screen; `null`: a person")),
    role: z.enum(personRoles),
    kitchens: z
      .union([z.literal("all"), z.array(z.string())])
      .check(z.describe("Ids of the kitchens, or `all`")),
    createdAtMs: timeMs,
    expiresAtMs: timeMs.check(z.describe("The latest end, however busy the session is")),
    isInsecure: z
      .boolean()
      .check(z.describe("Nadi is open beyond this machine without TLS: show a standing banner")),
  })
  .check(z.meta({ id: "Session" }));

export const ownSessionSchema = z
  .object({
    sessionId: z.string(),
    isCurrent: z.boolean(),
    createdAtMs: timeMs,
    lastSeenAtMs: timeMs,
    expiresAtMs: timeMs,
    address: z.nullable(z.string()),
    userAgent: z.nullable(z.string()),
  })
  .check(z.meta({ id: "OwnSession" }));

export const ownSessionsSchema = z.object({ sessions: z.array(ownSessionSchema) });

/** Random, and tells nothing of the cookie. */
export const sessionIdSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{16}$/));
export const sessionParams = z.object({ sessionId: sessionIdSchema });
