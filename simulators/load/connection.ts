import net from "node:net";
import tls from "node:tls";
import { createAckScanner, type AckScanner } from "./ack-scanner.ts";
import type { LatencyHistogram } from "./histogram.ts";
import { buildConnect, disconnect, pingreq, type LoadDevice } from "./packets.ts";
import { createSendWindow, type SendWindow, type SeqRange } from "./send-window.ts";

/** A broker that has not answered CONNECT by then is treated as gone. */
const connackTimeoutMs = 10_000;

/** Written by every connection of a load; read by its statistics. */
export interface LoadCounters {
  sent: number;
  resent: number;
  acked: number;
  /** Acks for nothing that was in flight: the broker answered twice or made one up. */
  strayAcks: number;
  /** Connections that have their CONNACK and are open. */
  live: number;
  /** Live connections that ended without our asking. */
  disconnects: number;
  refused: number;
  /** Sockets that are not closed yet. */
  open: number;
}

/** What all connections of a load share. */
export interface ConnectionContext {
  host: string;
  port: number;
  tls: tls.ConnectionOptions | undefined;
  qos: 0 | 1;
  window: number;
  boot: number | undefined;
  keepAliveSeconds: number;
  cleanSession: boolean;
  /** No connection sends a message with this sequence number or above. */
  seqEnd: number;
  /** `null`: a connection that has ended stays so. */
  reconnect: { minMs: number; maxMs: number } | null;
  /** 0 to 1; spreads the reconnects. */
  random(): number;
  counters: LoadCounters;
  latency: LatencyHistogram;
  /** How long after it was due a message was written, at a given rate. */
  lateness: LatencyHistogram;
  /** One buffer for all reads: a chunk is scanned before the next one is read. */
  readBuffer: Uint8Array;
  onLive(connection: LoadConnection): void;
  onRefused(connection: LoadConnection, returnCode: number): void;
  onClosed(connection: LoadConnection, error: Error | null): void;
  /** Nothing is in flight and nothing may be sent any more. */
  onFinished(connection: LoadConnection): void;
}

/** When the messages of an open loop are due: number `n` of this connection, in µs. */
export type DueAtUs = (n: number) => number;

export interface AckedDevice {
  clientId: string;
  boot: number | null;
  /** Every `seq` below this one has been handed to the socket at least once. */
  sentBelow: number;
  ranges: SeqRange[];
}

export function nowUs(): number {
  return performance.now() * 1000;
}

/** One device: a socket, which may be replaced, and the window of messages in flight. */
export class LoadConnection {
  readonly device: LoadDevice;
  readonly #context: ConnectionContext;
  readonly #connectBytes: Buffer;
  readonly #window: SendWindow;
  #socket: net.Socket | null = null;
  #scanner: AckScanner;
  #timer: NodeJS.Timeout | undefined;
  #isLive = false;
  #isStopped = false;
  #attempts = 0;
  #lastError: Error | null = null;
  #hasWritten = false;
  #readAtUs = 0;
  /** Messages below this one may be sent now; infinite at full speed. */
  #dueSeq = 0;
  #dueAtUs: DueAtUs | null = null;
  #scheduleSeq = 0;
  #seqEnd: number;

  constructor(device: LoadDevice, context: ConnectionContext) {
    this.device = device;
    this.#context = context;
    this.#seqEnd = context.seqEnd;
    this.#connectBytes = buildConnect(device, context);
    this.#window = createSendWindow({ ...context, topicName: device.topicName });
    this.#scanner = this.#newScanner();
  }

  get inFlight(): number {
    const { oldestSeq, nextSeq } = this.#window.position;
    return nextSeq - oldestSeq;
  }

  /** Messages that are due and wait for room in the window or for a connection. */
  get backlog(): number {
    return this.#dueSeq === Infinity ? 0 : this.#dueSeq - this.#window.position.nextSeq;
  }

  get outOfOrderAcks(): number {
    return this.#window.position.earlyAcks;
  }

  get isFinished(): boolean {
    return this.inFlight === 0 && this.#window.position.nextSeq >= this.#seqEnd;
  }

  acked(): AckedDevice {
    return {
      clientId: this.device.clientId,
      boot: this.#context.boot ?? null,
      sentBelow: this.#window.position.nextSeq,
      ranges: this.#window.ackedRanges(),
    };
  }

  open(): void {
    const { host, port, tls: tlsOptions, readBuffer } = this.#context;
    this.#scanner = this.#newScanner();
    this.#lastError = null;
    const callback = (length: number): boolean => {
      this.#read(readBuffer, length);
      return true;
    };
    const { localAddress } = this.device;
    const place = { host, port, ...(localAddress === undefined ? {} : { localAddress }) };
    const socket =
      tlsOptions === undefined
        ? net.connect({ ...place, noDelay: true, onread: { buffer: readBuffer, callback } })
        : tls.connect({ ...tlsOptions, ...place });
    this.#socket = socket;
    this.#context.counters.open += 1;
    // A TLS socket has no `onread`: its chunks come as events.
    if (tlsOptions !== undefined) {
      socket.on("data", (chunk: Buffer) => this.#read(chunk, chunk.length));
    }
    socket.on("error", (error) => {
      this.#lastError = error;
    });
    socket.on("close", () => this.#closed());
    this.#timer = setTimeout(() => socket.destroy(new Error("no CONNACK")), connackTimeoutMs);
    socket.write(this.#connectBytes);
  }

  /** Sends as fast as the window allows; latency counts from the write. */
  runFullSpeed(): void {
    this.#dueAtUs = null;
    this.#dueSeq = Infinity;
    this.#send();
  }

  /** Sends only what `offer` makes due; latency counts from when it was due. */
  runSchedule(dueAtUs: DueAtUs): void {
    this.#dueAtUs = dueAtUs;
    this.#scheduleSeq = this.#window.position.nextSeq;
    this.#dueSeq = this.#window.position.nextSeq;
  }

  offer(messages: number): void {
    this.#dueSeq += messages;
    this.#send();
  }

  /** Nothing new is sent; what is in flight stays so. */
  pause(): void {
    this.#dueSeq = this.#window.position.nextSeq;
  }

  /** Nothing new is ever sent again; `onFinished` follows when all is acknowledged. */
  finish(): void {
    this.#seqEnd = this.#window.position.nextSeq;
    if (this.isFinished) this.#context.onFinished(this);
  }

  /** Keeps an idle connection alive: PINGREQ if nothing was written since the last call. */
  ping(): void {
    if (this.#isLive && !this.#hasWritten) this.#socket?.write(pingreq);
    this.#hasWritten = false;
  }

  /** Ends this connection for good; `onClosed` follows if it was open. */
  close(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (this.#isLive) this.#socket?.end(disconnect);
    this.#socket?.destroySoon();
  }

  /** For a broker that does not read: nothing is flushed. */
  abort(): void {
    this.#socket?.destroy();
  }

  #newScanner(): AckScanner {
    return createAckScanner({
      connack: (returnCode) => this.#connacked(returnCode),
      puback: (messageId) => this.#pubacked(messageId),
    });
  }

  #read(chunk: Uint8Array, length: number): void {
    this.#readAtUs = nowUs();
    this.#scanner.scan(chunk, length);
    this.#sendOrFinish();
  }

  #sendOrFinish(): void {
    if (this.isFinished) this.#context.onFinished(this);
    else this.#send();
  }

  #connacked(returnCode: number): void {
    clearTimeout(this.#timer);
    if (returnCode !== 0) {
      this.#context.counters.refused += 1;
      this.#context.onRefused(this, returnCode);
      return;
    }
    this.#isLive = true;
    this.#attempts = 0;
    this.#context.counters.live += 1;
    this.#resend();
    this.#context.onLive(this);
  }

  #pubacked(messageId: number): void {
    const { counters, latency } = this.#context;
    const dueAtUs = this.#window.acknowledge(messageId);
    if (dueAtUs < 0) {
      counters.strayAcks += 1;
      return;
    }
    counters.acked += 1;
    latency.record(this.#readAtUs - dueAtUs);
  }

  /** Fills the free part of the window with what is due, and writes it at once. */
  #send(): void {
    const socket = this.#socket;
    const window = this.#window;
    const { oldestSeq, nextSeq: firstSeq } = window.position;
    const { lateness, counters, qos } = this.#context;
    const limit = Math.min(this.#dueSeq, this.#seqEnd);
    const end = Math.min(oldestSeq + this.#context.window, limit);
    if (!this.#isLive || socket === null || firstSeq >= end) return;
    // A broker that writes each ack alone would make us write each message alone, and our system
    // calls would be what is measured: at full speed we refill at least half a window at a time.
    const dueAtUs = this.#dueAtUs;
    const refill = Math.min(this.#context.window, limit - firstSeq) / 2;
    if (dueAtUs === null && end - firstSeq < refill) return;

    const tsMs = Date.now();
    const sentAtUs = nowUs();
    for (let seq = firstSeq; seq < end; seq += 1) {
      const due = dueAtUs === null ? sentAtUs : dueAtUs(seq - this.#scheduleSeq);
      if (dueAtUs !== null) lateness.record(sentAtUs - due);
      window.add(tsMs, due);
    }
    counters.sent += end - firstSeq;
    this.#hasWritten = true;
    this.#writeAll(socket, window.bytesFrom(firstSeq));
    // QoS 0 has no acks: a slot is free once the kernel has its bytes, which the callback of an
    // empty write behind them tells.
    if (qos === 0) socket.write("", (error) => this.#written(end, error));
  }

  #written(seq: number, error: Error | null | undefined): void {
    if (error !== null && error !== undefined) return;
    this.#window.releaseBelow(seq);
    setImmediate(() => this.#sendOrFinish());
  }

  #writeAll(socket: net.Socket, pieces: readonly Uint8Array[]): void {
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
  }

  /** What was in flight goes out again with DUP set, under the same message ids. */
  #resend(): void {
    const { qos, counters } = this.#context;
    if (qos === 0) this.#window.releaseBelow(this.#window.position.nextSeq);
    const pieces = this.#window.duplicates();
    counters.resent += pieces.length;
    if (this.#socket !== null) this.#writeAll(this.#socket, pieces);
  }

  #closed(): void {
    const { counters, reconnect } = this.#context;
    clearTimeout(this.#timer);
    counters.open -= 1;
    if (this.#isLive) counters.live -= 1;
    if (this.#isLive && !this.#isStopped) counters.disconnects += 1;
    this.#isLive = false;
    this.#context.onClosed(this, this.#lastError);
    if (this.#isStopped || reconnect === null) return;
    const ceilingMs = Math.min(reconnect.maxMs, reconnect.minMs * 2 ** this.#attempts);
    this.#attempts += 1;
    const delayMs = reconnect.minMs + (ceilingMs - reconnect.minMs) * this.#context.random();
    this.#timer = setTimeout(() => this.open(), delayMs);
  }
}
