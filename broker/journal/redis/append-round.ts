import type { JournalClock } from "../clock.ts";
import { journalKey, partitionKeys, producersKey } from "./keys.ts";
import { ErasedError, type JournalLink, RestartedError } from "./link.ts";
import type { RedisJournalStats } from "./partitioned-journal.ts";
import type { Round } from "./rounds.ts";
import { type ScriptCall, scripts } from "./scripts.ts";
import type { SharedClock } from "./shared-clock.ts";

export interface RoundParts {
  link: JournalLink;
  clock: JournalClock;
  shared: SharedClock;
  /** Names this process among all that append, so that a repeated round is known. */
  producer: string;
  stats: RedisJournalStats;
}

/**
 * Resolves when the round is durable: to the first offset of each of its batches, in their order.
 * When it rejects, whether it was stored is not known; the same round sent again is stored once.
 */
export async function appendRound(parts: RoundParts, round: Round): Promise<readonly number[]> {
  const { link, clock, shared, stats } = parts;
  let step: number | "ask" = "ask";
  for (;;) {
    const sentMs = clock.monotonicMs();
    const [word, timeMs, generation, ...firstOffsets] = await link.run(
      scripts.append,
      callOf(parts, round, { sentMs, step }),
    );
    const span = { sentMs, answeredMs: clock.monotonicMs() };
    switch (word) {
      case "ok":
      case "known": {
        shared.set(Number(timeMs), Number(generation), span);
        if (word === "known") stats.batchesKnown += round.batches.size;
        if (typeof step === "number" && step !== 0) stats.clockSteps++;
        const offsets = firstOffsets.map(Number);
        if (link.waitsForAof) announce(link, round, offsets);
        link.succeeded();
        return offsets;
      }
      case "clock":
        step = shared.stepOf(Number(timeMs), span);
        continue;
      case "erased":
        throw new ErasedError();
      case "restarted":
        shared.forget();
        throw new RestartedError();
      default:
        throw new Error(`Redis has answered an append with ${String(word)}`);
    }
  }
}

function callOf(
  { link, shared, producer }: RoundParts,
  round: Round,
  attempt: { sentMs: number; step: number | "ask" },
): ScriptCall {
  const { id, runId } = link.identity;
  const { generation, leastMs, mostMs } = shared.expect(attempt.sentMs);
  // Under WAITAOF the sync comes after the script: only then may it be told of.
  const isAnnounced = link.waitsForAof ? "0" : "1";
  const keys: string[] = [journalKey, producersKey];
  const args: (string | number | Buffer)[] = [id, runId, producer, round.sequence];
  args.push(generation, leastMs, mostMs, attempt.step, isAnnounced);
  for (const batch of round.batches.values()) {
    const { state, stream } = partitionKeys(batch.partition);
    keys.push(state, stream);
    args.push(batch.writer.count, batch.changeSeq, batch.isChange ? "1" : "0", batch.writer.end());
  }
  return { keys, args };
}

/** A hint: who misses it hears of the next one, or looks when its connection is back. */
function announce(link: JournalLink, round: Round, firstOffsets: readonly number[]): void {
  for (const [at, batch] of [...round.batches.values()].entries()) {
    const lastOffset = (firstOffsets[at] ?? 0) + batch.writer.count - 1;
    const { channel } = partitionKeys(batch.partition);
    // A connection that is lost tells the link itself.
    link.client.publish(channel, String(lastOffset)).catch(() => null);
  }
}
