import { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** What is written at once, and after which the browser is asked how far it has come. */
const pieceBytes = 16_384;
/** What may be under way without an answer: a slow link must not fill up with stale values. */
const windowBytes = 2 * pieceBytes;
/** How long the browser may take to answer our close. */
const closeMs = 2_000;
/** Browsers send no pings, and a pong a ping of ours; a proxy may ask now and then. */
const controlsPerSecond = 20;
/** Close code for text where MQTT's bytes are expected [RFC 6455 section 7.4.1]. */
const unsupportedData = 1003;

/**
 * A WebSocket as the byte stream that the broker reads. One batch of packets is one message of at
 * most 16 KB. Behind each 16 KB goes a ping, which a browser answers when it has read what came
 * before: so back-pressure is the browser's own and not that of megabytes in kernels and proxies,
 * and `bytesTaken` tells a slow client from one that stands still.
 */
export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;
  #rest: Buffer = Buffer.alloc(0);
  #done: ((error?: Error | null) => void) | null = null;
  #sentBytes = 0;
  #pingedBytes = 0;
  #takenBytes = 0;
  #controls = 0;
  #controlsSinceMs = 0;
  #closeTimer: NodeJS.Timeout | null = null;

  constructor(socket: WebSocket) {
    super({ highWaterMark: pieceBytes, allowHalfOpen: false });
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", (data) => {
      // Whoever pings and reads nothing must not pile up our answers.
      if (this.#mayControl() && socket.bufferedAmount < pieceBytes) socket.pong(data);
    });
    socket.on("pong", (data) => this.#taken(Number(data.toString("latin1"))));
    // `ws` has told the client why, and closes.
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
  }

  /** What the client itself has confirmed. */
  get bytesTaken(): number {
    return this.#takenBytes;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#start(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#start(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.close(1000);
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), closeMs);
    if (this.#socket.readyState === this.#socket.CLOSED) done();
    else this.#socket.once("close", () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#closeTimer !== null) clearTimeout(this.#closeTimer);
    this.#socket.terminate();
    done(error);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      this.#socket.close(unsupportedData);
      return;
    }
    if (data.length === 0) this.#mayControl();
    else if (!this.destroyed && !this.push(data)) this.#socket.pause();
  }

  /** Frames that carry nothing cost as much as those that do: above their rate the socket ends. */
  #mayControl(): boolean {
    if (this.destroyed) return false;
    const nowMs = performance.now();
    if (nowMs - this.#controlsSinceMs >= 1_000) {
      this.#controlsSinceMs = nowMs;
      this.#controls = 0;
    }
    this.#controls += 1;
    if (this.#controls <= controlsPerSecond) return true;
    this.destroy();
    return false;
  }

  #start(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#rest = bytes;
    this.#done = done;
    this.#send();
  }

  #send(): void {
    while (this.#done !== null && this.#sentBytes - this.#takenBytes < windowBytes) {
      const piece = this.#rest.subarray(0, pieceBytes);
      this.#rest = this.#rest.subarray(piece.length);
      this.#sentBytes += piece.length;
      if (this.#rest.length > 0) this.#socket.send(piece, { binary: true });
      else this.#sendLast(piece, this.#done);
      this.#ask();
    }
  }

  #sendLast(piece: Buffer, done: (error?: Error | null) => void): void {
    this.#done = null;
    this.#socket.send(piece, { binary: true }, done);
  }

  #ask(): void {
    if (this.#sentBytes - this.#pingedBytes < pieceBytes) return;
    this.#pingedBytes = this.#sentBytes;
    this.#socket.ping(String(this.#sentBytes));
  }

  #taken(bytes: number): void {
    if (!(bytes > this.#takenBytes && bytes <= this.#pingedBytes)) {
      // Also `NaN`; an unasked pong is allowed [RFC 6455 section 5.5.3], a flood of them is not.
      this.#mayControl();
      return;
    }
    this.#takenBytes = bytes;
    this.#send();
  }
}
