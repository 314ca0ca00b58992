import * as z from "zod";

/** The address of a Redis. Its message never says the value: it may hold a password. */
export const redisUrl = z
  .string()
  .refine(isRedisUrl, "must be redis://… or rediss://… with a host, without query or fragment");

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash } = new URL(text);
  // A query would set options of the client.
  return /^rediss?:$/.test(protocol) && hostname !== "" && search === "" && hash === "";
}
