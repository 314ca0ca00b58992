import { readFileSync } from "node:fs";
import path from "node:path";
import { passwordCharactersMin } from "../../contract/index.ts";

/**
 * The 3,000 most frequent passwords of at least 8 characters [ASVS 6.2.4], most frequent first:
 * the list of zxcvbn 4.4.2 (MIT, Dropbox; its notice stands beside it), without the shorter ones.
 */
const commonFile = path.join(import.meta.dirname, "common-passwords.txt");

/** What people of a school kitchen think of first; the list above comes from elsewhere. */
const localWords = [
  "bismillah",
  "indonesia",
  "katasandi",
  "kata sandi",
  "makanbergizi",
  "makanbergizigratis",
  "rahasia",
  "sayangku",
  "dapursppg",
  "nadinadi",
];

/** A part of the address that is shorter stands in many a good password by chance. */
const ownPartCharactersMin = 4;

let common: ReadonlySet<string> | null = null;

/**
 * Whether a password that a person has thought of is one that others would try: too short, among
 * the most frequent (also with digits or signs behind it), one character over and over, or made of
 * the person's own address. No rule on kinds of characters [ASVS 6.2.5].
 */
export function isWeakPassword(password: string, email: string): boolean {
  const plain = password.normalize("NFC").toLowerCase();
  // Code points, as NIST SP 800-63B counts characters.
  const characters = Array.from(plain);
  if (characters.length < passwordCharactersMin) return true;
  if (new Set(characters).size < ownPartCharactersMin) return true;
  const [ownPart = ""] = email.toLowerCase().split("@");
  if (ownPart.length >= ownPartCharactersMin && plain.includes(ownPart)) return true;
  common ??= readCommon();
  return common.has(plain) || common.has(plain.replace(/[\d\p{P}\p{S}]+$/u, ""));
}

function readCommon(): ReadonlySet<string> {
  const lines = readFileSync(commonFile, "utf8").trim().split("\n");
  return new Set([...lines, ...localWords]);
}
