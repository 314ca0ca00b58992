import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { RouteAnswer, RouteName } from "../../contract/index.ts";
import { dashboardError } from "../errors.ts";
import type { PersonSession } from "../people/live-session.ts";
import type { Api } from "./route.ts";

/** Random enough that nobody guesses it: a UUID has 36 characters. Bare, or quoted as RFC 9651. */
const keyPattern = /^("?)([\x21\x23-\x5b\x5d-\x7e]{16,128})\1$/;

interface Command {
  session: PersonSession;
  params: unknown;
  body: unknown;
  request: FastifyRequest;
  reply: FastifyReply;
}

/**
 * Carries a POST out once, however often the same `Idempotency-Key` comes with it within a day:
 * whoever did not hear the first answer gets it again, with `idempotency-replayed: true`. Without
 * a key it is carried out each time. The same key for another request is 422, and while the first
 * is under way 409. What has failed is forgotten: the key may be used again.
 *
 * The stored answer is sealed with the key, of which only a hash is stored: an answer with a
 * password or a device's secret in it can be read by nobody who has the database alone.
 */
export async function onceOnly<Name extends RouteName>(
  api: Api,
  call: Command & { name: Name },
  work: () => Promise<RouteAnswer<Name>>,
): Promise<RouteAnswer<Name>> {
  const key = keyOf(call.request);
  if (key === null) return work();
  const { people } = api.services;
  const id = { email: call.session.userId, keySha256Hex: sha256Hex(key) };
  const requestSha256Hex = sha256Hex(JSON.stringify([call.name, call.params, call.body]));
  const command = await people.beginCommand({ ...id, requestSha256Hex });
  if (command.state === "running") throw refuse("DASHBOARD_COMMAND_RUNNING");
  if (command.state === "other") throw refuse("DASHBOARD_IDEMPOTENCY_KEY_REUSED");
  if (command.state === "done") {
    call.reply.header("idempotency-replayed", "true");
    // Sealed by the lines below, for this very route and request.
    return JSON.parse(open(key, command.sealedAnswer)) as RouteAnswer<Name>;
  }
  let answer: RouteAnswer<Name>;
  try {
    answer = await work();
  } catch (error) {
    await people.abandonCommand(id);
    throw error;
  }
  try {
    await people.finishCommand({ ...id, sealedAnswer: seal(key, JSON.stringify(answer)) });
  } catch (error) {
    // It is done and can't be undone: the caller hears so, only a second try would not.
    call.request.log.warn({ err: error }, "a command's answer could not be kept");
  }
  return answer;
}

function keyOf(request: FastifyRequest): string | null {
  const header = request.headers["idempotency-key"];
  if (header === undefined) return null;
  const key = typeof header === "string" ? keyPattern.exec(header)?.[2] : undefined;
  if (key === undefined) throw refuse("DASHBOARD_IDEMPOTENCY_KEY_INVALID");
  return key;
}

function refuse(code: Parameters<typeof dashboardError>[0]): Error {
  return dashboardError(code, { message: "The Idempotency-Key can't be used for this request." });
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

function sealingKey(key: string): Uint8Array {
  // Another value than the stored hash of the same key, and not to be had from it.
  return new Uint8Array(hkdfSync("sha256", key, "", "nadi sealed answer", 32));
}

function seal(key: string, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, sealingKey(key), nonce, { authTagLength: tagBytes });
  const sealed = [cipher.update(text, "utf8"), cipher.final()];
  return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString("base64url");
}

function open(key: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  const nonce = bytes.subarray(0, nonceBytes);
  const text = bytes.subarray(nonceBytes, -tagBytes);
  const options = { authTagLength: tagBytes };
  const decipher = createDecipheriv(algorithm, sealingKey(key), nonce, options);
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
}
