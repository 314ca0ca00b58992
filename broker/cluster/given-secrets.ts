import { createHash } from "node:crypto";
import * as z from "zod";
import { UsageError } from "../../devices/index.ts";

/** As `nadi device add --json` and `device rotate --json` print it; other keys may stand there. */
const issuedSchema = z.object({ username: z.string(), password: z.string() });

/**
 * Secrets by username: lines of `username:password`, or of what `device add --json` prints. Throws
 * a `UsageError` that names the line, never what stands there.
 */
export function readGivenSecrets(text: string): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const secret = line.startsWith("{") ? readIssued(line) : readPair(line);
    if (secret === null) {
      throw new UsageError(
        `--secrets, line ${index + 1}: must be username:password, or as device add --json prints.`,
      );
    }
    secrets.set(secret.username, secret.password);
  }
  return secrets;
}

function readPair(line: string): { username: string; password: string } | null {
  const [username = "", ...rest] = line.trimEnd().split(":");
  const password = rest.join(":");
  return username === "" || password === "" ? null : { username, password };
}

function readIssued(line: string): { username: string; password: string } | null {
  try {
    return issuedSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    // No JSON: the caller names the line.
    return null;
  }
}

/** In hex, as Nadi stores it. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}
