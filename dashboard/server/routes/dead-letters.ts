import type { DeadLetter } from "../../../ingest/index.ts";
import { type Api, route } from "./route.ts";

const deadLettersDefault = 100;

export function registerDeadLetterRoutes(api: Api): void {
  route(api, "listDeadLetters", async ({ kitchen, query }) => {
    const { device: deviceId, limit = deadLettersDefault } = query;
    const { sppgId } = kitchen;
    const letters = await api.services.desk.listDeadLetters({ sppgId, deviceId, limit });
    return { deadLetters: letters.map(describe) };
  });
}

function describe(letter: DeadLetter) {
  const { firstBytes, ...rest } = letter;
  const bytes = Buffer.from(firstBytes);
  return { ...rest, firstBytes: bytes.toString("base64"), preview: previewOf(bytes) };
}

/** Readable on any screen: controls, also those that turn text around, become dots. */
function previewOf(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
}
