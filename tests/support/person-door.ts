import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { PersonSession } from "../../broker/ports.ts";
import type { CleanUps, TestBroker } from "./broker.ts";
import { type ConnectFields, connectRaw, type RawClient } from "./mqtt-wire.ts";

let lastSessionId = 0;

/** A login session that its test ends. */
export class TestPerson implements PersonSession {
  readonly sessionId = `s${++lastSessionId}`;
  readonly userId: string;
  readonly kitchens: ReadonlySet<string> | "all";
  readonly screenName: string | null;
  isEnded = false;
  readonly listeners = new Set<() => void>();

  constructor(
    userId: string,
    kitchens: readonly string[] | "all",
    screenName: string | null = null,
  ) {
    this.userId = userId;
    this.screenName = screenName;
    this.kitchens = kitchens === "all" ? kitchens : new Set(kitchens);
  }

  onEnd(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  end(): void {
    this.isEnded = true;
    for (const listener of this.listeners) listener();
  }
}

export interface PersonDoor {
  /** A connection whose cookie is this person's; CONNECT is not sent yet. */
  open(person: PersonSession): Promise<RawClient>;
  /** Fails unless CONNACK is 0. */
  signIn(person: PersonSession, fields?: ConnectFields): Promise<RawClient>;
}

/** Another transport of the broker, without WebSocket's frames: a plain port for people. */
export async function openPersonDoor(t: CleanUps, { broker }: TestBroker): Promise<PersonDoor> {
  const expected: PersonSession[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const person = expected.shift();
    const origin = { address: "127.0.0.1", transport: "websocket", certificateName: null } as const;
    broker.handle(socket, person === undefined ? origin : { ...origin, person });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  let last: Promise<unknown> = Promise.resolve();
  const open = (person: PersonSession): Promise<RawClient> => {
    // One after another, so that each connection finds its person.
    const opened = last.then(() => {
      expected.push(person);
      return connectRaw({ port, t });
    });
    last = opened;
    return opened;
  };
  return {
    open,
    signIn: async (person, fields = {}) => {
      const client = await open(person);
      const { returnCode } = await client.connect({ clientId: "tab", ...fields });
      if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`);
      return client;
    },
  };
}
