import { once } from "node:events";
import net from "node:net";
import { scripts } from "../../../../../broker/journal/redis/scripts.ts";
import type { Scope } from "../../../../support/nadi-process.ts";
import { commandsIn, type RedisCommand } from "../../../../support/redis-command.ts";

export type ScriptName = keyof typeof scripts;

const nameOfSha = new Map(
  Object.entries(scripts).map(([name, { sha }]) => [sha, name as ScriptName]),
);

export interface GateOptions {
  port: number;
  /** For a planted bug: the script that runs in the place of another, by their names for Redis. */
  swaps: ReadonlyMap<string, string>;
  /** For a planted bug: an answer to a round passes though nothing of it was synced. */
  isRoundHeard: boolean;
}

/** Between all processes and their server: decides until when they hear of it. */
export class Gate {
  readonly options: GateOptions;
  readonly #ways: Way[] = [];
  #isOpen = false;
  #isSilent = false;
  #isSyncless = false;
  /** Scripts that are still answered, and who hears when no more are. */
  #countdown: { left: number; onSilent: () => void } | null = null;

  constructor(options: GateOptions) {
    this.options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** The server answers, but no WAITAOF. */
  get isSyncless(): boolean {
    return this.#isSyncless;
  }

  async addWay(scope: Scope): Promise<Way> {
    const way = new Way(this);
    await way.listen(scope);
    this.#ways.push(way);
    return way;
  }

  /** The server is there. */
  open(): void {
    this.#isOpen = true;
    for (const way of this.#ways) way.admit();
  }

  /** The server is gone: who comes waits for the next one. */
  shut(): void {
    this.#isOpen = false;
    this.#isSilent = false;
    this.#isSyncless = false;
    this.#countdown = null;
    for (const way of this.#ways) way.hangUp();
  }

  /**
   * After so many more scripts nothing is answered any more, from the next one on: what follows is
   * done, and unheard. Until then whoever comes back is greeted, or it would not come to a script.
   */
  fallSilentAfter(answered: number, onSilent: () => void): void {
    this.#countdown = { left: answered, onSilent };
  }

  /** The server has been told to sync nothing. */
  becomeSyncless(): void {
    this.#isSyncless = true;
  }

  /** Before it goes on to the server. */
  passing(script: ScriptName | null): void {
    // To read writes nothing.
    if (this.#countdown === null || script === null || script === "read") return;
    if (this.#countdown.left > 0) {
      this.#countdown.left -= 1;
      return;
    }
    this.#isSilent = true;
    this.#countdown.onSilent();
    this.#countdown = null;
  }
}

interface Connection {
  client: net.Socket;
  upstream: net.Socket | null;
  waiting: Buffer;
  /** Of what passed since the silence began. */
  unanswered: number;
  /** See `isRoundHeard`. */
  isHeard: boolean;
  /** Its next answer is lost, and it with it. */
  isLosing: boolean;
}

type Fault = "lose answer" | "hold back";

/** One process' connections. */
export class Way {
  readonly #gate: Gate;
  readonly #connections = new Set<Connection>();
  readonly #server: net.Server;
  #isParted = false;
  #fault: Fault | null = null;
  #heldBack: Buffer | null = null;
  #unheard = Promise.withResolvers<void>();

  constructor(gate: Gate) {
    this.#gate = gate;
    this.#server = net.createServer((client) => this.#accept(client));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `redis://127.0.0.1:${address.port}`;
  }

  get isParted(): boolean {
    return this.#isParted;
  }

  async listen(scope: Scope): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    scope.onTestFinished(async () => {
      this.hangUp();
      this.#server.close();
      await once(this.#server, "close");
    });
  }

  /** Resolves when something of it has gone to a server that does not answer any more. */
  get unheard(): Promise<void> {
    return this.#unheard.promise;
  }

  /** From here on nothing passes; connections wait. */
  part(): void {
    this.#isParted = true;
    this.hangUp();
  }

  rejoin(): void {
    this.#isParted = false;
    this.admit();
  }

  /** Befalls the next round. */
  befall(fault: Fault): void {
    this.#fault = fault;
  }

  /** What was held back arrives; resolves when the server has taken it. */
  async deliver(): Promise<boolean> {
    const bytes = this.#heldBack;
    this.#heldBack = null;
    if (bytes === null || !this.#gate.isOpen) return false;
    const late = net.connect(this.#gate.options.port, "127.0.0.1");
    late.write(bytes);
    await once(late, "data");
    late.destroy();
    return true;
  }

  admit(): void {
    if (!this.#gate.isOpen || this.#isParted) return;
    for (const connection of this.#connections) {
      if (connection.upstream === null) this.#connect(connection);
    }
  }

  hangUp(): void {
    this.#fault = null;
    this.#heldBack = null;
    this.#unheard = Promise.withResolvers<void>();
    for (const { client, upstream } of this.#connections) {
      client.resetAndDestroy();
      upstream?.destroy();
    }
    this.#connections.clear();
  }

  #accept(client: net.Socket): void {
    const connection: Connection = {
      client,
      upstream: null,
      waiting: Buffer.alloc(0),
      unanswered: 0,
      isHeard: false,
      isLosing: false,
    };
    this.#connections.add(connection);
    // The other end hears of it by its own close.
    client.on("error", () => client.destroy());
    client.on("close", () => {
      this.#connections.delete(connection);
      // What it lost the answer to is still done.
      if (connection.isLosing) connection.upstream?.end();
      else connection.upstream?.destroy();
    });
    client.on("data", (bytes: Buffer) => {
      connection.waiting = Buffer.concat([connection.waiting, bytes]);
      this.#pass(connection);
    });
    this.admit();
  }

  #connect(connection: Connection): void {
    const { client } = connection;
    const upstream = net.connect(this.#gate.options.port, "127.0.0.1");
    connection.upstream = upstream;
    upstream.on("error", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    upstream.on("data", (bytes: Buffer) => {
      if (connection.isLosing) client.resetAndDestroy();
      else if (!this.#gate.isSilent || connection.isHeard) client.write(bytes);
    });
    this.#pass(connection);
  }

  #pass(connection: Connection): void {
    const { upstream, client } = connection;
    if (upstream === null) return;
    const { waiting } = connection;
    const commands = commandsIn(waiting);
    connection.waiting = waiting.subarray(commands.at(-1)?.end ?? 0);
    for (const command of commands) {
      const script = scriptOf(command);
      this.#gate.passing(script);
      const fault = script === "append" ? this.#fault : null;
      if (fault !== null) this.#fault = null;
      this.#swap(command);
      const bytes = waiting.subarray(command.start, command.end);
      if (fault === "hold back") {
        this.#heldBack = bytes;
        client.resetAndDestroy();
        return;
      }
      connection.isLosing ||= fault === "lose answer";
      upstream.write(bytes);
      this.#note(connection, command.name, script);
    }
  }

  #note(connection: Connection, name: string, script: ScriptName | null): void {
    const { options, isSilent, isSyncless } = this.#gate;
    if (isSyncless && name === "WAITAOF") this.#unheard.resolve();
    if (!isSilent) return;
    const { isRoundHeard } = options;
    connection.isHeard ||= isRoundHeard && script === "append" && connection.unanswered === 0;
    if (connection.isHeard) return;
    connection.unanswered += 1;
    this.#unheard.resolve();
  }

  /** Both names are of one length. */
  #swap({ words }: RedisCommand): void {
    const [, sha] = words;
    const other = this.#gate.options.swaps.get(sha?.toString("latin1") ?? "");
    if (other !== undefined) sha?.write(other, "latin1");
  }
}

function scriptOf({ name, words }: RedisCommand): ScriptName | null {
  if (name !== "EVALSHA") return null;
  return nameOfSha.get(words[1]?.toString("latin1") ?? "") ?? null;
}
