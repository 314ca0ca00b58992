import * as z from "zod";
import type { Peers } from "../broker/index.ts";
import { isSppgId, liveReadingSchema } from "../devices/index.ts";
import { ingestError } from "./errors.ts";
import type { KitchenSnapshot } from "./monitor/monitor.ts";

/** What dashboards ask of ingest, wherever the kitchen's partition is worked on. */
export interface KitchenQueries {
  snapshot(sppgId: string): Promise<KitchenSnapshot>;
  flush(sppgId: string): Promise<void>;
}

/** The ingest of this process, which has some of the kitchens. */
export interface KitchenOwner extends KitchenQueries {
  ownsKitchen(sppgId: string): boolean;
}

const kitchenSchema = z.object({ sppgId: z.string().refine(isSppgId) });
const timeMs = z.number();
const snapshotSchema = z.object({
  sppgId: z.string(),
  offset: z.int(),
  latest: z.array(z.intersection(liveReadingSchema, z.object({ receivedTimeMs: timeMs }))),
  devices: z.array(
    z.object({
      deviceId: z.string(),
      receivedTimeMs: timeMs,
      eventTimeMs: timeMs.nullable(),
      batteryPct: z.number().nullable(),
      messagesPerMinute: z.number(),
    }),
  ),
});

const services = { snapshot: "snapshot", flush: "flush" } as const;
/** A snapshot is made in milliseconds; an owner that loads its partition takes longer. */
const deadlineMs = 5_000;
/** Nobody has the kitchen's partition: its owner has died, or it is on its way to another. */
const retryMs = 200;

/** Answers others' calls about the kitchens of this process. Before `peers.start`. */
export function serveKitchens(ingest: KitchenOwner, peers: Peers): void {
  const owned =
    (answer: (sppgId: string) => Promise<unknown>) =>
    async ({ sppgId }: z.output<typeof kitchenSchema>): Promise<unknown> =>
      ingest.ownsKitchen(sppgId) ? await answer(sppgId) : null;
  peers.serve(
    services.snapshot,
    kitchenSchema,
    owned((sppgId) => ingest.snapshot(sppgId)),
  );
  peers.serve(
    services.flush,
    kitchenSchema,
    owned(async (sppgId) => {
      await ingest.flush(sppgId);
      return true;
    }),
  );
}

/** Asks whichever ingest process has the kitchen; retried until the deadline while none has. */
export function askKitchens(peers: Peers): KitchenQueries {
  async function ask<Answer>(
    service: string,
    sppgId: string,
    answer: z.ZodType<Answer>,
  ): Promise<Answer> {
    const untilMs = performance.now() + deadlineMs;
    for (;;) {
      const { answers, refusals } = await peers.call(
        { role: "ingest" },
        { service, body: { sppgId } },
        { answer, deadlineMs: Math.max(1, untilMs - performance.now()), isEnough: () => true },
      );
      const [first] = answers;
      if (first !== undefined) return first;
      const isOver = performance.now() + retryMs > untilMs;
      const [refusal] = refusals;
      if (refusal !== undefined && (isOver || !isMoving(refusal.code))) throw refusal;
      if (isOver) throw nobodyHas(sppgId);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  return {
    snapshot: (sppgId) => ask(services.snapshot, sppgId, snapshotSchema),
    async flush(sppgId) {
      await ask(services.flush, sppgId, z.literal(true));
    },
  };
}

/** The partition goes to another process at this moment. */
function isMoving(code: string): boolean {
  return code === "INGEST_KITCHEN_ELSEWHERE" || code === "INGEST_LEASE_UNSURE";
}

function nobodyHas(sppgId: string): Error {
  return ingestError("INGEST_KITCHEN_ELSEWHERE", {
    message: `No ingest process has answered for the kitchen ${sppgId}: is one running?`,
  });
}
