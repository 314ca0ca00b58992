import { readFileSync } from "node:fs";
import * as z from "zod";
import { SimulatorsError } from "../errors.ts";
import type { LoadDevice } from "./packets.ts";

/** Rows as `nadi device add --json` prints them; other keys are ignored. */
const credentialRows = z
  .array(
    z.object({
      clientId: z.string(),
      username: z.string().optional(),
      password: z.string().optional(),
      topic: z.string().min(1),
    }),
  )
  .min(1);

/** Reads a JSON array, or JSON lines, of what `nadi device add --json` prints. */
export function readCredentials(file: string): LoadDevice[] {
  try {
    const text = readFileSync(file, "utf8").trim();
    const rows: unknown = JSON.parse(
      text.startsWith("[") ? text : `[${text.split("\n").join(",")}]`,
    );
    return credentialRows.parse(rows).map(({ clientId, username, password, topic }) => ({
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      topicName: topic,
    }));
  } catch (cause) {
    throw new SimulatorsError(
      "SIMULATORS_CREDENTIALS_INVALID",
      `${file}: expected what "nadi device add --json" prints, one object a line or an array`,
      { cause },
    );
  }
}

/** Devices for a broker that asks for no login, with the topics that Nadi's devices have. */
export function anonymousDevices(count: number, sppgId = "sppg-load-001"): LoadDevice[] {
  return Array.from({ length: count }, (_, index) => ({
    clientId: `${sppgId}.probe-${index}`,
    topicName: `sppg/${sppgId}/telemetry/probe-${index}/temperature`,
  }));
}
