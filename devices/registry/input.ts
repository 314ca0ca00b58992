import * as z from "zod";
import { isDeviceId, isSppgId } from "../ids.ts";
import { inputInvalid } from "./errors.ts";
import {
  codecNames,
  deviceKinds,
  devicePlaces,
  kitchenTimeZones,
  type UserRole,
  userRoles,
} from "./model.ts";
import type {
  DeviceEdit,
  KitchenChange,
  NewDevice,
  NewKitchen,
  NewUser,
  UserChange,
} from "./registry.ts";

/** A year: nothing that a kitchen measures is rarer. */
const intervalSecondsMax = 31_536_000;
/** A day: an overlap that outlives it is a second credential and not a rotation. */
const overlapSecondsMax = 86_400;
/** RFC 5321 section 4.5.3.1.3 allows 256 octets with the angle brackets. */
const emailCharactersMax = 254;
const kitchensMax = 1_000;

const sppgId = z
  .string()
  .refine(isSppgId, "must be 3 to 64 of a-z, 0-9 and -, beginning and ending with neither -");
const deviceId = z.string().refine(isDeviceId, "must be 1 to 64 of A-Z, a-z, 0-9, _ and -");
const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(emailCharactersMax, `must have at most ${emailCharactersMax} characters`)
  .pipe(z.email("must be an e-mail address like head@example.org"));

// A name is shown on screens and in terminals: no control characters, no line ends.
const nameOf = (charactersMax: number) =>
  z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(charactersMax, `must have at most ${charactersMax} characters`)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "must be one line of printable characters");
const kitchenName = nameOf(200);
/** It stands in the cell of a table and on a tile. */
const deviceName = nameOf(60);

/** Degrees; not 0 and 0, which is what a form or a receiver says that knows no place. */
const degrees = (max: number) =>
  z
    .number("must be a number of degrees such as -6.1966")
    .min(-max, `must be ${-max} to ${max} degrees`)
    .max(max, `must be ${-max} to ${max} degrees`)
    .nullish();

const kitchenShape = {
  sppgId,
  name: kitchenName,
  timeZone: z.enum(kitchenTimeZones, oneOf(kitchenTimeZones)),
  latitude: degrees(90),
  longitude: degrees(180),
};

type Coordinates = Pick<NewKitchen, "latitude" | "longitude">;
const belongTogether = {
  path: ["latitude"],
  error: "and longitude belong together: give both or neither",
};
const gulfOfGuinea = {
  path: ["latitude"],
  error: "and longitude are both 0, which is in the Gulf of Guinea: leave them out",
};

/** `undefined` and `null` are two things: what is left out of a change stays as it was. */
function areTogether({ latitude, longitude }: Coordinates): boolean {
  return typeof latitude === typeof longitude && (latitude === null) === (longitude === null);
}

function areSomewhere({ latitude, longitude }: Coordinates): boolean {
  return latitude !== 0 || longitude !== 0;
}

const kitchenSchema = z
  .object(kitchenShape)
  .refine(areTogether, belongTogether)
  .refine(areSomewhere, gulfOfGuinea);

const intervalSeconds = z
  .int("must be a whole number of seconds")
  .min(1, "must be at least 1 second")
  .max(intervalSecondsMax, `must be at most ${intervalSecondsMax} seconds`);

const deviceSchema = z.object({
  sppgId,
  deviceId,
  name: deviceName.nullish(),
  kind: z.enum(deviceKinds, oneOf(deviceKinds)),
  place: z.enum(devicePlaces, oneOf(devicePlaces)).nullish(),
  codec: z.enum(codecNames, oneOf(codecNames)).nullish(),
  gatewayId: deviceId.nullish(),
  expectedIntervalSeconds: intervalSeconds.optional(),
});

const deviceEditSchema = z.object({
  sppgId,
  deviceId,
  expectedVersion: z.int("must be a whole number").min(0, "must not be negative"),
  name: deviceName.nullish(),
  place: z.enum(devicePlaces, oneOf(devicePlaces)).nullish(),
  expectedIntervalSeconds: intervalSeconds.optional(),
});

const userSchema = z.object({
  email,
  role: z.enum(userRoles, oneOf(userRoles)),
  kitchens: z.array(sppgId).max(kitchensMax, `must be at most ${kitchensMax}`).default([]),
});

const deviceIdsSchema = z.object({ sppgId, deviceId });
const sppgIdSchema = z.object({ sppgId });
const emailSchema = z.object({ email });
const overlapSchema = z.object({
  overlapSeconds: z
    .int("must be a whole number of seconds")
    .min(0, "must not be negative")
    .max(overlapSecondsMax, `must be at most ${overlapSecondsMax} seconds`),
});

export function parseNewKitchen(input: unknown): NewKitchen {
  return parse(kitchenSchema, input);
}

export function parseNewDevice(input: unknown): NewDevice {
  return parse(deviceSchema, input);
}

export function parseDeviceEdit(input: unknown): DeviceEdit {
  return parse(deviceEditSchema, input);
}

const versionSchema = z.int("must be a whole number").min(1, "must be at least 1").optional();
const kitchenChangeSchema = z
  .object({ ...kitchenShape, expectedVersion: versionSchema })
  .refine(areTogether, belongTogether)
  .refine(areSomewhere, gulfOfGuinea);
const userChangeSchema = z.object({
  email,
  role: z.enum(userRoles, oneOf(userRoles)).optional(),
  kitchens: z.array(sppgId).max(kitchensMax, `must be at most ${kitchensMax}`).optional(),
  enabled: z.boolean().optional(),
  expectedVersion: versionSchema,
});

export function parseKitchenChange(input: unknown): KitchenChange {
  return parse(kitchenChangeSchema, input);
}

/** What the role asks of the kitchens is checked where the role is known. */
export function parseUserChange(input: unknown): UserChange {
  return parse(userChangeSchema, input);
}

export function parseNewUser(input: unknown): Required<NewUser> {
  const user = parse(userSchema, input);
  return { email: user.email, ...parseRights(user) };
}

/** Each kitchen once, in order; none for an operator, at least one for any other. */
export function parseRights(user: { role: UserRole; kitchens: readonly string[] }) {
  const kitchens = [...new Set(user.kitchens)].toSorted();
  if (user.role === "operator" && kitchens.length > 0) {
    throw inputInvalid("An operator has all kitchens: leave kitchens out.", { field: "kitchens" });
  }
  if (user.role !== "operator" && kitchens.length === 0) {
    throw inputInvalid(`A ${user.role} needs at least one kitchen.`, { field: "kitchens" });
  }
  return { role: user.role, kitchens };
}

export function parseEmail(input: unknown): string {
  return parse(emailSchema, { email: input }).email;
}

export function parseSppgId(input: unknown): string {
  return parse(sppgIdSchema, { sppgId: input }).sppgId;
}

export function parseDeviceIds(input: unknown): { sppgId: string; deviceId: string } {
  return parse(deviceIdsSchema, input);
}

export function parseOverlapSeconds(input: unknown): number {
  return parse(overlapSchema, { overlapSeconds: input }).overlapSeconds;
}

function oneOf(values: readonly string[]): string {
  return `must be one of ${values.join(", ")}`;
}

/** All that is wrong at once, one clause a field; the first field stands in the facts. */
function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const { issues } = result.error;
  const clauses = issues.map(({ path, message }) => `${path.join(".")} ${message}`);
  const field = issues[0]?.path[0];
  throw inputInvalid(`${clauses.join("; ")}.`, {
    field: typeof field === "string" ? field : null,
  });
}
