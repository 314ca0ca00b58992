import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { Redis } from "ioredis";
import { scripts } from "../../../../../broker/journal/redis/scripts.ts";
import { lastAofFile, repairAof, type ServerName } from "../../../../support/aof.ts";
import { eventually } from "../../../../support/kitchen.ts";
import type { Scope } from "../../../../support/nadi-process.ts";
import { commandsIn, type RedisCommand } from "../../../../support/redis-command.ts";
import type { RedisServer } from "../../../../support/redis.ts";
import { startDurableRedis, startDurableValkey } from "../harness.ts";
import type { Hole, Loss } from "./plan.ts";

const sectorBytes = 512;
/** One repair is enough; the others are for a port. */
const startsMax = 20;
const rewrittenWithinMs = 30_000;

/** Up to where the file at whose end the server writes is safe. */
export interface Floor {
  file: string;
  bytes: number;
}

export interface MachineCounts {
  starts: number;
  cuts: number;
  /** Within a transaction: Redis leaves its beginning in the file. */
  tears: number;
  holes: number;
  /** Starts that were refused until the server's own tool had cut the file. */
  repairs: number;
  /** Of these, where the tool would have cut off what was acknowledged. */
  repairsByHand: number;
}

/** A real server, its file, and the power that it runs on. */
export class Machine {
  readonly name: ServerName;
  readonly server: RedisServer;
  readonly counts: MachineCounts = {
    starts: 0,
    cuts: 0,
    tears: 0,
    holes: 0,
    repairs: 0,
    repairsByHand: 0,
  };
  readonly #more: readonly string[];
  #console: Redis | null = null;
  #isRunning = true;

  private constructor(name: ServerName, server: RedisServer, more: readonly string[]) {
    this.name = name;
    this.server = server;
    this.#more = more;
  }

  /** @param more scripts that are known beside the journal's own */
  static async make(scope: Scope, name: ServerName, more: readonly string[]): Promise<Machine> {
    const start = name === "redis" ? startDurableRedis : startDurableValkey;
    const machine = new Machine(name, await start(scope), more);
    scope.onTestFinished(() => machine.#console?.disconnect());
    return machine;
  }

  /** The scripts are known when it resolves: what is sent then is one command, and runs. */
  async start(): Promise<void> {
    // The first start is the making's.
    if (!this.#isRunning) await this.#startRepaired();
    this.#isRunning = true;
    this.counts.starts += 1;
    const console = new Redis(this.server.url, { maxRetriesPerRequest: 0 });
    this.#console = console;
    // Its calls say so themselves.
    console.on("error", () => null);
    const sources = [...Object.values(scripts).map(({ source }) => source), ...this.#more];
    await Promise.all(sources.map((source) => console.script("LOAD", source)));
  }

  get console(): Redis {
    if (this.#console === null) throw new Error("the server was never started");
    return this.#console;
  }

  /** `CONFIG SET` until its next start. */
  async set(name: string, value: string): Promise<void> {
    await this.console.config("SET", name, value);
  }

  /** What has been sent before by others has been taken when it resolves. */
  async settle(): Promise<void> {
    // Within one turn the server takes connections in any order.
    for (let turn = 0; turn < 2; turn += 1) await this.console.ping();
  }

  async rewrite({ isAwaited }: { isAwaited: boolean }): Promise<void> {
    await this.console.bgrewriteaof().catch((error: Error) => {
      // One that is under way does it as well.
      if (!error.message.includes("already in progress")) throw error;
    });
    if (!isAwaited) return;
    await eventually(
      () => this.console.info("persistence"),
      (info) => /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(info),
      rewrittenWithinMs,
    );
  }

  /** What is in the file now was synced before anybody heard of it. */
  floor(): Floor {
    const file = lastAofFile(this.server.folder);
    return { file, bytes: statSync(file).size };
  }

  async kill(): Promise<void> {
    this.#isRunning = false;
    this.#console?.disconnect();
    await this.server.kill();
  }

  /** Of what was written and not synced this is lost. A file begun since holds nothing else. */
  lose(loss: Loss, floor: Floor): string {
    const file = lastAofFile(this.server.folder);
    const from = file === floor.file ? floor.bytes : 0;
    const end = this.#cut(file, { from, cut: loss.cut });
    const said = [`${end - from} of ${this.#unsynced} unsynced bytes kept`];
    if (loss.hole !== null && end > from) said.push(this.#hole(file, from, loss.hole));
    if (loss.zeros > 0 && loss.cut.kind !== "none") {
      appendFileSync(file, Buffer.alloc(loss.zeros));
      said.push(`${loss.zeros} zeros behind`);
    }
    return said.join(", ");
  }

  #unsynced = 0;

  #cut(file: string, { from, cut }: { from: number; cut: Loss["cut"] }): number {
    const bytes = readFileSync(file);
    this.#unsynced = bytes.length - from;
    if (cut.kind === "none" || this.#unsynced === 0) return bytes.length;
    const commands = commandsIn(bytes, from);
    const end = endOf(cut, { from, bytes: this.#unsynced, commands });
    truncateSync(file, end);
    this.counts.cuts += 1;
    const whole = commands.filter((found) => found.end <= end);
    const opened = whole.findLastIndex(({ name }) => name === "MULTI");
    const closed = whole.findLastIndex(({ name }) => name === "EXEC");
    if (opened > closed && (whole.at(-1)?.end ?? 0) < end) this.counts.tears += 1;
    return end;
  }

  #hole(file: string, from: number, hole: Hole): string {
    const bytes = readFileSync(file);
    const inWords = hole.isInWord ? sectorsInWords(bytes, from) : [];
    const sectors = inWords.length > 0 ? inWords : sectorsOf(from, bytes.length);
    const start = sectors[Math.floor(hole.at * sectors.length)];
    if (start === undefined) return "no hole";
    const count = inWords.length > 0 ? 1 : hole.sectors;
    const end = Math.min(bytes.length, start + count * sectorBytes);
    writeFileSync(file, bytes.fill(0, start, end));
    this.counts.holes += 1;
    return `a hole of ${end - start}`;
  }

  async #startRepaired(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.server.start();
        return;
      } catch (error) {
        if (attempt === startsMax) throw error;
        const why = String(error);
        // A child that the server was just making, to rewrite its file, holds its port a moment.
        if (why.includes("Address already in use")) continue;
        if (!/reading the append only file/.test(why)) throw error;
        this.counts.repairs += 1;
        const by = repairAof(this.name, this.server.folder);
        if (by === "hand") this.counts.repairsByHand += 1;
      }
    }
  }
}

function endOf(
  cut: { kind: "byte" | "within" | "behind" | "within end"; at: number },
  unsynced: { from: number; bytes: number; commands: readonly RedisCommand[] },
): number {
  const { from, bytes, commands } = unsynced;
  const place = Math.floor(cut.at * bytes);
  const ends = commands.filter(({ name }) => name === "EXEC");
  const places = cut.kind === "within end" ? ends : commands;
  const command = places[Math.floor(cut.at * places.length)];
  if (cut.kind === "byte" || command === undefined) return from + place;
  if (cut.kind === "behind") return command.end;
  return command.start + 1 + (place % (command.end - command.start - 1));
}

/** Where each begins that holds nothing else. */
function sectorsOf(from: number, end: number): number[] {
  const first = Math.ceil(from / sectorBytes);
  const count = Math.max(0, Math.ceil(end / sectorBytes) - first);
  return Array.from({ length: count }, (_, at) => (first + at) * sectorBytes);
}

function sectorsInWords(bytes: Buffer, from: number): number[] {
  const words = commandsIn(bytes, from).flatMap(({ words }) => words);
  return words.flatMap((word) => {
    const start = word.byteOffset - bytes.byteOffset;
    const end = start + word.byteLength;
    return sectorsOf(start, end).filter((sector) => sector + sectorBytes <= end);
  });
}
