import { randomInt } from "node:crypto";
import { pairingAlphabet, pairingCodeLength } from "../../contract/index.ts";

/**
 * Uniform over 28^8 = 3.8e11 codes. Whoever guesses is signed in as somebody responsible and has 5
 * free tries, then waits that double to 15 minutes: at most 13 tries in the 10 minutes that a code
 * lives. Even with all 1,000 places of `pairingsMax` waiting, the chance to hit one is 13 × 1,000 /
 * 3.8e11, one in 29 million; a hit shows the guesser's own kitchen on a foreign screen and tells
 * the guesser nothing.
 */
export function generatePairingCode(): string {
  return Array.from(
    { length: pairingCodeLength },
    () => pairingAlphabet[randomInt(pairingAlphabet.length)],
  ).join("");
}
