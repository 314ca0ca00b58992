import { argon2, createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** 192 bits: above the 128 of design.md section 5, and 32 characters of base64url without `=`. */
const secretBytes = 24;

/** Memory in KiB (19 MiB), passes and lanes: the first choice of OWASP for Argon2id. */
const argon2Cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;

/** No characters that look alike: it is read from a screen and typed once. */
const passwordAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/** 4 groups of 5 make 116 bits. */
const passwordGroups = 4;
const passwordGroupCharacters = 5;

const argon2Async = promisify(argon2);

export function generateDeviceSecret(): string {
  return randomBytes(secretBytes).toString("base64url");
}

/** One hash is enough for a random secret: there is nothing to guess (ASVS 6.5.2). */
export function hashDeviceSecret(secret: string): Uint8Array {
  return createHash("sha256").update(secret, "utf8").digest();
}

export function generatePassword(): string {
  const groups = Array.from({ length: passwordGroups }, () =>
    Array.from({ length: passwordGroupCharacters }, randomCharacter).join(""),
  );
  return groups.join("-");
}

function randomCharacter(): string {
  return passwordAlphabet.charAt(randomInt(passwordAlphabet.length));
}

/** Argon2id as a PHC string, computed in the thread pool and not on this thread. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, { ...argon2Cost, salt, tagLength: hashBytes });
  const { memory, passes, parallelism } = argon2Cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
}

/**
 * A hash that no password has, at the cost of a real one: whoever names an unknown person waits as
 * long as whoever misspells a password.
 */
export function unmatchableHash(): string {
  const { memory, passes, parallelism } = argon2Cost;
  const cost = `m=${memory},t=${passes},p=${parallelism}`;
  const zeros = (bytes: number) => base64(new Uint8Array(bytes));
  return `$argon2id$v=19$${cost}$${zeros(saltBytes)}$${zeros(hashBytes)}`;
}

const phcPattern =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{22,86})$/;

/** `false` also for a stored hash that can't be read: nobody signs in with a damaged one. */
export async function verifyPassword(stored: string, password: string): Promise<boolean> {
  const match = phcPattern.exec(stored);
  if (match === null) return false;
  const [, memory, passes, parallelism, salt = "", hash = ""] = match;
  const expected = Buffer.from(hash, "base64");
  const actual = await derive(password, {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tagLength: expected.length,
  });
  return timingSafeEqual(actual, expected);
}

interface Derivation {
  memory: number;
  passes: number;
  parallelism: number;
  salt: Uint8Array;
  tagLength: number;
}

async function derive(password: string, options: Derivation): Promise<Buffer> {
  const { salt, ...cost } = options;
  // One person types "é" as one character, another device as two: NFC makes them one password.
  return argon2Async("argon2id", { ...cost, message: password.normalize("NFC"), nonce: salt });
}

/** PHC strings leave out the padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
