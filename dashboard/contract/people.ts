import * as z from "zod/mini";
import { sppgIdSchema, userRoles } from "../../devices/browser.ts";
import { timeMs, wholeParameter } from "./fields.ts";
import { emailSchema, ownSessionSchema, passwordCharactersMax } from "./session.ts";

/** A head's kitchens are few; an operator has none by name. */
const kitchensMax = 1_000;

const version = z
  .int()
  .check(z.describe("Raised by each change; quoted, it is the ETag, and `expectedVersion`"));

export const personSchema = z
  .object({
    email: z.string(),
    role: z.enum(userRoles),
    kitchens: z
      .union([z.literal("all"), z.array(sppgIdSchema)])
      .check(z.describe("Ids of the kitchens, of those that the caller may see, or `all`")),
    isEnabled: z.boolean(),
    mayChange: z.boolean().check(z.describe("Whether the caller may change this person")),
    createdAtMs: timeMs,
    version,
  })
  .check(z.meta({ id: "Person" }));

export const peopleSchema = z.object({
  people: z.array(personSchema),
  nextCursor: z.nullable(z.string()).check(z.describe("For the page behind this one")),
});

const listLimit = { min: 1, max: 500, about: "How many people, 100 unless told" };
const cursor = z.optional(z.string().check(z.maxLength(400)));

export const peopleQuery = z.strictObject({
  kitchen: z.optional(sppgIdSchema),
  search: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(254))),
  cursor,
  limit: z.optional(wholeParameter(listLimit)),
});

export const personParams = z.object({ email: emailSchema });

const roleSchema = z.enum(userRoles);
const kitchensSchema = z
  .array(sppgIdSchema)
  .check(z.maxLength(kitchensMax), z.describe("At least one; none for an operator, who has all"));

export const addPersonBody = z
  .strictObject({
    email: emailSchema.check(z.email("must be an e-mail address like head@example.org")),
    role: roleSchema,
    kitchens: z.prefault(kitchensSchema, []),
  })
  .check(z.meta({ id: "NewPerson" }));

export const putPersonBody = z
  .strictObject({
    role: roleSchema,
    kitchens: kitchensSchema,
    isEnabled: z
      .boolean()
      .check(z.describe("`false`: every session ends within a second, and none begins")),
    expectedVersion: z.optional(z.int().check(z.minimum(1))),
  })
  .check(z.meta({ id: "PersonChange" }));

export const resetPasswordBody = z.strictObject({});

export const issuedPasswordSchema = z
  .object({
    person: personSchema,
    password: z.string().check(z.describe("Shown only in this answer, and stored only as a hash")),
  })
  .check(z.meta({ id: "IssuedPassword" }));

/** What Nadi enforces; it advises `passwordCharactersAdvised` [ASVS 6.2.1]. */
export const passwordCharactersMin = 8;
export const passwordCharactersAdvised = 15;

export const changePasswordBody = z
  .strictObject({
    current: z.string().check(z.minLength(1), z.maxLength(passwordCharactersMax)),
    next: z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(passwordCharactersMax),
        z.describe(
          `At least ${passwordCharactersMin} characters, better ${passwordCharactersAdvised}; ` +
            "not one of the 3,000 that most people take, and not the e-mail address",
        ),
      ),
  })
  .check(z.meta({ id: "PasswordChange" }));

const sessionsLimit = { min: 1, max: 500, about: "How many sessions, 100 unless told" };

export const everySessionQuery = z.strictObject({
  person: z.optional(emailSchema).check(z.describe("Whose address has this in it")),
  cursor,
  limit: z.optional(wholeParameter(sessionsLimit)),
});

const personSessionSchema = z
  .object({ ...ownSessionSchema.shape, email: z.string() })
  .check(z.meta({ id: "PersonSession" }));

export const everySessionSchema = z.object({
  sessions: z.array(personSessionSchema),
  nextCursor: z.nullable(z.string()),
});

export const personSessionParams = z.object({
  email: emailSchema,
  sessionId: z.string().check(z.regex(/^[A-Za-z0-9_-]{16}$/)),
});
