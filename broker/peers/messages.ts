import * as z from "zod";

/** Far above any snapshot of a kitchen, or the devices of a full broker's page. */
export const peerTextCharsMax = 4 * 1024 * 1024;

const id = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const name = z.string().regex(/^[a-z-]{1,32}$/);

const wireError = z.object({
  code: z.string().max(100),
  message: z.string().max(1_000),
  errorClass: z.enum(["input", "refused", "conflict", "unavailable", "internal"]),
  status: z.int(),
  retryable: z.boolean(),
});

/** Every text on the bus is one of these. */
export const envelopeSchema = z.discriminatedUnion("kind", [
  /** Each process, twice a second: it lives, and what it does. */
  z.object({ kind: z.literal("beat"), from: id, roles: z.array(name).max(8) }),
  /** It has come, or was away, and wants to hear at once who is there. */
  z.object({ kind: z.literal("hello"), from: id, roles: z.array(name).max(8) }),
  /** The answer to `hello`. */
  z.object({ kind: z.literal("here"), from: id, roles: z.array(name).max(8) }),
  /** It stops: nobody need wait for its silence. */
  z.object({ kind: z.literal("leave"), from: id }),
  z.object({ kind: z.literal("news"), from: id, topic: name, body: z.unknown() }),
  z.object({ kind: z.literal("call"), from: id, call: z.int(), service: name, body: z.unknown() }),
  z.object({ kind: z.literal("answer"), from: id, call: z.int(), body: z.unknown() }),
  z.object({ kind: z.literal("refusal"), from: id, call: z.int(), error: wireError }),
]);

export type Envelope = z.output<typeof envelopeSchema>;

/** `null`: too large, no JSON, or none of ours. */
export function readEnvelope(text: string): Envelope | null {
  if (text.length > peerTextCharsMax) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = envelopeSchema.safeParse(value);
  return result.success ? result.data : null;
}
