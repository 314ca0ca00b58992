import { isUtf8 } from "node:buffer";

/**
 * The control characters, which MQTT 3.1.1 section 1.5.3 lets a server refuse. It lets it refuse
 * noncharacters such as U+FFFE too; those harm nobody and pass.
 */
// oxlint-disable-next-line no-control-regex -- these are exactly the characters that we look for
const refusedCharacters = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Decodes an MQTT string strictly, or answers `null` if it must close the connection:
 * invalid UTF-8 [MQTT-1.5.3-1], U+0000 [MQTT-1.5.3-2], or a control character.
 * A leading U+FEFF is kept, as [MQTT-1.5.3-3] demands.
 */
export function decodeMqttString(bytes: Buffer, start: number, end: number): string | null {
  let isAscii = true;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x20 || byte === 0x7f) return null;
    if (byte > 0x7f) isAscii = false;
  }
  if (isAscii) return bytes.toString("latin1", start, end);
  if (!isUtf8(bytes.subarray(start, end))) return null;
  const text = bytes.toString("utf8", start, end);
  return refusedCharacters.test(text) ? null : text;
}
