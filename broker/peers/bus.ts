/**
 * What carries texts between the processes of one Nadi: each channel to everyone who has joined
 * it, in one order for all. What is published while the bus is away is lost.
 */
export interface Bus {
  /**
   * Begins to listen, when the bus is there and after each loss anew. `onOpen` is called each time:
   * what others said meanwhile has not been heard, and what was said here not by them.
   */
  join(channels: readonly string[], handlers: BusHandlers): void;
  /**
   * Texts of one process arrive in the order of its calls. Resolves with how many have been sent
   * it, this process included; rejects while the bus is away.
   */
  publish(channel: string, text: string): Promise<number>;
  /** `performance.now()` when the bus was lost; `null` while it is there. */
  readonly awaySinceMs: number | null;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface BusHandlers {
  onText(channel: string, text: string): void;
  onOpen(): void;
}
