import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { AckedDevice, LoadDevice } from "../../simulators/index.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";
import { type Scope, signIn } from "../support/nadi-process.ts";
import { payloadAt, readingsMax, type Signal } from "./cold-store-signal.ts";

export interface Sender {
  port: number;
  device: LoadDevice;
  signal: Signal;
}

export interface ColdStoreOptions extends Sender {
  /** Messages in flight: what a reconnect sends again. */
  window?: number;
  /** Between two windows, so that the signal lasts as long as the run. */
  pauseMs?: number;
}

/** How often one that is paused, or whose signal is at its end, looks whether it may go on. */
const pausedMs = 50;

/**
 * A device that sends its backlog in order at QoS 1 and, after each reconnect, everything again
 * that it has not heard an acknowledgement of.
 */
export class ColdStore {
  readonly device: LoadDevice;
  readonly signal: Signal;
  readonly #scope: Scope;
  readonly #options: ColdStoreOptions;
  readonly #running: Promise<void>;
  #isDraining = false;
  #isPaused = false;
  #hasEnded = false;
  #socket: Socket | null = null;
  #sentBelow = 0;
  #ackedBelow = 0;
  resent = 0;

  constructor(scope: Scope, options: ColdStoreOptions) {
    this.device = options.device;
    this.signal = options.signal;
    this.#scope = scope;
    this.#options = options;
    this.#running = this.#run();
    scope.onTestFinished(() => this.#end());
  }

  /** All below was acknowledged, in order. */
  get ackedBelow(): number {
    return this.#ackedBelow;
  }

  acked(): AckedDevice {
    const { clientId } = this.device;
    const ranges: AckedDevice["ranges"] = this.#ackedBelow === 0 ? [] : [[0, this.#ackedBelow - 1]];
    return { clientId, boot: null, sentBelow: this.#sentBelow, ranges };
  }

  /** Begins nothing new, and resolves when all that was sent is acknowledged. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#running;
  }

  /** Begins nothing new until `resume`; resolves when all that was sent is acknowledged. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#ackedBelow < this.#sentBelow && !this.#hasEnded) await delay(pausedMs);
  }

  resume(): void {
    this.#isPaused = false;
  }

  async #end(): Promise<void> {
    this.#hasEnded = true;
    // A broker that answers nothing would be waited for.
    this.#socket?.destroy();
    await this.#running;
  }

  get #isOver(): boolean {
    return this.#hasEnded || (this.#isDraining && this.#ackedBelow === this.#sentBelow);
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#connectAndSend();
      } catch {
        // Killed, or not there yet: a device comes back, and what is in flight is sent again.
        await delay(20);
      }
    }
  }

  async #connectAndSend(): Promise<void> {
    const { port, device, pauseMs = 50 } = this.#options;
    const opened = ({ socket }: RawClient): void => {
      this.#socket = socket;
      if (this.#hasEnded) socket.destroy();
    };
    const client = await signIn(this.#scope, { port, device, opened });
    try {
      const again = this.#sentBelow - this.#ackedBelow;
      this.resent += again;
      for (let seq = this.#ackedBelow; seq < this.#sentBelow; seq += 1) {
        client.send(this.#packet(seq, true));
      }
      await this.#acknowledgements(client, again);
      while (!this.#isOver) {
        const { window = 4 } = this.#options;
        const isQuiet = this.#isDraining || this.#isPaused;
        const count = isQuiet ? 0 : Math.min(window, readingsMax - this.#sentBelow);
        const first = this.#sentBelow;
        this.#sentBelow += count;
        for (let seq = first; seq < first + count; seq += 1) client.send(this.#packet(seq, false));
        await this.#acknowledgements(client, count);
        const waitMs = count === 0 ? Math.max(pauseMs, pausedMs) : pauseMs;
        if (waitMs > 0) await delay(waitMs);
      }
    } finally {
      client.socket.destroy();
    }
  }

  async #acknowledgements(
    client: Awaited<ReturnType<typeof signIn>>,
    count: number,
  ): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      const { messageId } = await client.next("puback");
      const expected = messageIdOf(this.#ackedBelow);
      if (messageId !== expected) throw new Error(`PUBACK ${messageId} instead of ${expected}`);
      this.#ackedBelow += 1;
    }
  }

  #packet(seq: number, dup: boolean): Buffer {
    return packetOf(this.#options, seq, dup);
  }
}

function packetOf({ device, signal }: Sender, seq: number, dup: boolean): Buffer {
  const payload = payloadAt(signal, seq);
  const { topicName } = device;
  return packets.publish({ topicName, payload, qos: 1, messageId: messageIdOf(seq), dup });
}

/** On a connection of its own, in this order; resolves when all of them are acknowledged. */
export async function publishAgain(
  scope: Scope,
  sender: Sender,
  seqs: readonly number[],
): Promise<void> {
  const { port, device } = sender;
  const client = await signIn(scope, { port, device });
  const window = 64;
  for (let from = 0; from < seqs.length; from += window) {
    const some = seqs.slice(from, from + window);
    for (const seq of some) client.send(packetOf(sender, seq, true));
    for (let left = some.length; left > 0; left -= 1) await client.next("puback");
  }
  await client.end();
}

function messageIdOf(seq: number): number {
  return (seq % 65_535) + 1;
}
