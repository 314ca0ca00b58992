import type { FastifyBaseLogger } from "fastify";
import type { DashboardServices } from "./services.ts";

/** A write takes milliseconds; a store that is away must not hold up what can be answered. */
export const flushWaitMs = 150;

/**
 * Waits until what a kitchen's devices had acknowledged before can be read, but not for long.
 * `true`: the answer is degraded, the newest readings may be missing.
 */
export async function flushOrGiveUp(
  ingest: Pick<DashboardServices["ingest"], "flush">,
  { sppgId, log }: { sppgId: string; log: FastifyBaseLogger },
): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(true), flushWaitMs);
  const flushed = ingest.flush(sppgId).then(
    () => false,
    (error: unknown) => {
      // Ingest itself logs what is wrong with the store, once.
      log.debug({ err: error }, "ingest could not flush");
      return true;
    },
  );
  try {
    return await Promise.race([flushed, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
