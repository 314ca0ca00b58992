import type { Message } from "./session.ts";

/**
 * What a screen on a wall gets of a message: what is the matter, not who acted, nor what they
 * wrote; as the HTTP API answers it. What is not JSON goes out as it is, since only Nadi's own code
 * writes what people may read.
 */
export function forWall(message: Message): Message {
  const shown = JSON.stringify(parse(message.payload), (key, value: unknown) => {
    if (key === "userId") return undefined;
    return key === "acknowledgedBy" || key === "correctiveAction" ? null : value;
  });
  return shown === undefined ? message : { ...message, payload: Buffer.from(shown, "utf8") };
}

/** `undefined`: it is not JSON. */
function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
}
