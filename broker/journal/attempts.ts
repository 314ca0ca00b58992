import { JournalInvariantError, systemCode } from "./errors.ts";
import type { Group } from "./group.ts";
import type { GroupCommitOptions } from "./group-commit.ts";
import type { JournalCondition } from "./journal.ts";
import { isNoSpace } from "./space.ts";

/** Between two looks at the free space while all is well. */
const ROOM_CHECK_MS = 250;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

type WithheldReason = Extract<JournalCondition, { kind: "withheld" }>["reason"];

/** Tries a group until it is on disk; says meanwhile why acknowledgements are withheld. */
export class Attempts {
  readonly #options: GroupCommitOptions;
  #withheld: WithheldReason | null = null;
  #roomCheckedAtMs = Number.NEGATIVE_INFINITY;
  #wakeUp: (() => void) | null = null;
  #isClosing = false;
  /** A group was given back: one behind it may need the clock entry that was in it. */
  #hasGivenUp = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Resolves to the group's first offset, or to null when the journal closed before. */
  async commit(group: Group): Promise<number | null> {
    if (this.#hasGivenUp) return null;
    let failures = 0;
    for (let backoffMs = BACKOFF_MS_MIN; ; backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX)) {
      const obstacle = (await this.#findObstacle(group)) ?? (await this.#attempt(group));
      if (typeof obstacle === "number") return obstacle;
      // The first failure may be that file's alone: the next one is tried at once.
      if (obstacle === "sync-error" && ++failures === 1) continue;
      this.#setWithheld(obstacle);
      this.#options.state.stats.withheld++;
      this.#hasGivenUp = this.#isClosing;
      if (this.#hasGivenUp) return null;
      await this.#pause(backoffMs);
    }
  }

  /** Ends a pause. */
  wake(): void {
    this.#wakeUp?.();
  }

  /** From now on a group is tried once more and then given back, with all behind it. */
  close(): void {
    this.#isClosing = true;
    this.wake();
  }

  async #attempt(group: Group): Promise<number | WithheldReason> {
    try {
      return await this.#write(group);
    } catch (error) {
      // Only the disk's own errors may be met by trying again: the rest are bugs.
      if (error instanceof JournalInvariantError || systemCode(error) === "") throw error;
      if (!isNoSpace(error)) return "sync-error";
      await this.#giveUpReserve();
      return "no-space";
    }
  }

  async #write(group: Group): Promise<number> {
    const { clock, writer, state } = this.#options;
    const startMs = clock.monotonicMs();
    const firstOffset = await writer.write(group);
    const tookMs = clock.monotonicMs() - startMs;
    const stats = state.stats;
    stats.entriesSynced += group.dones.length;
    stats.bytesSynced += group.bytes;
    stats.groupsSynced++;
    stats.syncMsTotal += tookMs;
    stats.syncMsMax = Math.max(stats.syncMsMax, tookMs);
    this.#setWithheld(null);
    return firstOffset;
  }

  async #findObstacle(group: Group): Promise<WithheldReason | null> {
    const { clock, space, fitsQuota } = this.#options;
    const nowMs = clock.monotonicMs();
    try {
      if (this.#withheld !== null || nowMs - this.#roomCheckedAtMs >= ROOM_CHECK_MS) {
        this.#roomCheckedAtMs = nowMs;
        if (!(await space.hasRoom())) {
          return this.#withheld === "no-space" ? "no-space" : "free-space-floor";
        }
      }
      return (await fitsQuota(group.bytes)) ? null : "quota";
    } catch (error) {
      if (systemCode(error) === "") throw error;
      return isNoSpace(error) ? "no-space" : "sync-error";
    }
  }

  async #giveUpReserve(): Promise<void> {
    try {
      await this.#options.space.releaseReserve();
    } catch (error) {
      // The next attempt tries it again.
      if (systemCode(error) === "") throw error;
    }
  }

  #setWithheld(reason: WithheldReason | null): void {
    if (reason === this.#withheld) return;
    this.#withheld = reason;
    this.#options.onCondition(reason === null ? { kind: "open" } : { kind: "withheld", reason });
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(delayMs, () => this.wake());
      this.#wakeUp = () => {
        cancel();
        this.#wakeUp = null;
        resolve();
      };
    });
  }
}
