/**
 * Watchers of kitchens, in a process of their own: WebSockets that count what comes and when, and
 * parse no more of it than that, so that a thousand of them cost less than what they measure.
 */
import { once } from "node:events";
import { WebSocket } from "ws";
import { formatRealtimeTopic } from "../../devices/index.ts";
import { createHistogram } from "../../simulators/load/histogram.ts";
import { packets } from "../support/mqtt-wire.ts";
import type { ViewersReply, ViewersRequest } from "./viewers-process.ts";

const connackOk = Buffer.from([0x20, 2, 0, 0]);
const publishType = 3;
const subackType = 9;
/** Opened at once: a district does not load its pages in the same millisecond. */
const openedAtOnce = 20;
const eventTimeMark = Buffer.from('"eventTimeMs":');
const timeDigits = 13;

const latency = createHistogram();
let lost = 0;
let opened = 0;

function onFrame(frame: Buffer): void {
  if ((frame[0] ?? 0) >> 4 !== publishType) return;
  // The wall clock, which the reading's time is of, with a fraction.
  const nowMs = performance.timeOrigin + performance.now();
  const at = frame.indexOf(eventTimeMark);
  if (at < 0) return;
  const from = at + eventTimeMark.length;
  latency.record((nowMs - Number(frame.toString("latin1", from, from + timeDigits))) * 1000);
}

async function open(httpUrl: string, cookie: string, sppgId: string): Promise<void> {
  const socket = new WebSocket(`${httpUrl.replace(/^http/, "ws")}/mqtt`, "mqtt", {
    headers: { cookie, origin: httpUrl },
    perMessageDeflate: false,
  });
  await once(socket, "open");
  const frames = new Frames(socket);
  opened += 1;
  socket.send(packets.connect({ clientId: `viewer-${opened}`, keepAlive: 0 }));
  const connack = await frames.next();
  if (!connack.equals(connackOk)) throw new Error(`CONNACK ${connack.toString("hex")}`);
  const topicFilter = formatRealtimeTopic({ sppgId, domain: "production", type: "temperature" });
  socket.send(packets.subscribe({ filters: [{ topicFilter, qos: 0 }] }));
  for (;;) {
    const frame = await frames.next();
    if ((frame[0] ?? 0) >> 4 === subackType) break;
  }
  frames.handOver(onFrame);
  socket.on("close", () => {
    lost += 1;
  });
}

/** Frames one after the other, until somebody takes them all. */
class Frames {
  readonly #queue: Buffer[] = [];
  #wake: (() => void) | null = null;
  #take: ((frame: Buffer) => void) | null = null;
  #error: Error | null = null;

  constructor(socket: WebSocket) {
    socket.on("message", (frame: Buffer) => {
      if (this.#take !== null) {
        this.#take(frame);
        return;
      }
      this.#queue.push(frame);
      this.#wake?.();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the WebSocket was closed")));
  }

  async next(): Promise<Buffer> {
    for (;;) {
      const frame = this.#queue.shift();
      if (frame !== undefined) return frame;
      if (this.#error !== null) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  handOver(take: (frame: Buffer) => void): void {
    this.#take = take;
    for (const frame of this.#queue.splice(0)) take(frame);
  }

  #fail(error: Error): void {
    this.#error = error;
    this.#wake?.();
  }
}

async function answer(request: ViewersRequest): Promise<unknown> {
  switch (request.kind) {
    case "open": {
      const { httpUrl, viewers } = request;
      for (let at = 0; at < viewers.length; at += openedAtOnce) {
        const some = viewers.slice(at, at + openedAtOnce);
        await Promise.all(some.map(({ cookie, sppgId }) => open(httpUrl, cookie, sppgId)));
      }
      return undefined;
    }
    case "reset":
      latency.reset();
      return undefined;
    case "stats":
      return { latency: latency.summary(), p95Us: latency.percentile(0.95), lost };
    default:
      return request satisfies never;
  }
}

process.on("message", ({ number, request }: { number: number; request: ViewersRequest }) => {
  const reply = (message: ViewersReply): void => void process.send?.(message);
  answer(request).then(
    (value) => reply({ number, value }),
    (error: unknown) => reply({ number, error: String(error) }),
  );
});
// The parent is gone.
process.on("disconnect", () => process.exit());
