import { expect, type TestContext, test } from "vitest";
import * as z from "zod";
import type { Bus } from "../../../broker/peers/bus.ts";
import { callsMax } from "../../../broker/peers/calls.ts";
import { peerTextCharsMax } from "../../../broker/peers/messages.ts";
import { Peers } from "../../../broker/peers/peers.ts";
import { CodedError, type Role } from "../../../devices/index.ts";
import { eventually } from "../../support/kitchen.ts";

/** Makes buses that are joined to one another; each test has its own. */
export type ConnectBus = () => Bus;

const deadlineMs = 15_000;
const text = { answer: z.string(), deadlineMs };

export async function until(holds: () => boolean): Promise<void> {
  await eventually(() => Promise.resolve(holds()), Boolean, deadlineMs);
}

/** A process of its own, as far as the others can tell; it has joined when this resolves. */
export async function join(
  t: Pick<TestContext, "onTestFinished">,
  bus: Bus,
  options: { roles?: Role[]; prepare?: (peers: Peers) => void } = {},
): Promise<Peers & { warnings: unknown[] }> {
  const warnings: unknown[] = [];
  const log = { warn: (fields: unknown) => warnings.push(fields) };
  const peers = new Peers({ bus, roles: options.roles ?? ["broker"], log });
  options.prepare?.(peers);
  t.onTestFinished(() => peers.close());
  const open = Promise.withResolvers<void>();
  peers.onOpen(open.resolve);
  peers.start();
  await open.promise;
  return Object.assign(peers, { warnings });
}

/** What each adapter must do under the calls, the news and the beats of peers. */
export function testPeersContract(create: (t: TestContext) => Promise<ConnectBus>): void {
  test.concurrent("news is heard by all, also by who tells it, in one order", async (t) => {
    const connect = await create(t);
    const heard: string[][] = [[], [], []];
    const nodes = await Promise.all(
      heard.map((list) =>
        join(t, connect(), {
          prepare: (peers) => void peers.onNews("word", z.string(), (word) => list.push(word)),
        }),
      ),
    );
    for (let round = 0; round < 50; round += 1) {
      for (const [index, node] of nodes.entries()) node.tell("word", `${index} ${round}`);
    }
    await until(() => heard.every(({ length }) => length === 150));
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[2]).toEqual(heard[0]);
    const own = heard[0]?.filter((word) => word.startsWith("0 "));
    expect(own).toEqual(Array.from({ length: 50 }, (_, round) => `0 ${round}`));
  });

  test.concurrent("a call reaches all of a role, and nobody else", async (t) => {
    const connect = await create(t);
    const serve = (name: string | null) => (peers: Peers) =>
      peers.serve("name", z.object({ ask: z.literal("who") }), async () => name);
    await join(t, connect(), { roles: ["ingest"], prepare: serve("a") });
    await join(t, connect(), { roles: ["ingest", "broker"], prepare: serve("b") });
    await join(t, connect(), { roles: ["ingest"], prepare: serve(null) });
    await join(t, connect(), { roles: ["broker"], prepare: serve("c") });
    const caller = await join(t, connect(), { roles: ["dashboard"] });
    const call = { service: "name", body: { ask: "who" } };
    const { answers, silent } = await caller.call({ role: "ingest" }, call, text);
    expect([answers.toSorted(), silent]).toEqual([["a", "b"], 0]);
    const unserved = await caller.call({ role: "ingest" }, { service: "x", body: 0 }, text);
    expect(unserved).toEqual({ answers: [], refusals: [], silent: 0 });
    const nobody = await caller.call({ nodeId: "none-such" }, call, text);
    expect(nobody).toEqual({ answers: [], refusals: [], silent: 0 });
  });

  test.concurrent("errors keep their code; what is no request or too large is a refusal", async (t) => {
    const connect = await create(t);
    const busy = { class: "unavailable", status: 503, retryable: true } as const;
    const callee = await join(t, connect(), {
      prepare(peers) {
        peers.serve("fail", z.null(), () =>
          Promise.reject(new CodedError("INGEST_BUSY", busy, { message: "try again" })),
        );
        peers.serve("large", z.null(), async () => "x".repeat(peerTextCharsMax));
      },
    });
    const caller = await join(t, connect());
    const refusalOf = async (service: string, body: unknown = null) =>
      (await caller.call(callee, { service, body }, text)).refusals[0];
    expect(await refusalOf("fail")).toMatchObject({ code: "INGEST_BUSY", retryable: true });
    expect(await refusalOf("large")).toMatchObject({ code: "BROKER_PEER_FAILED" });
    expect(await refusalOf("fail", "body")).toMatchObject({ code: "BROKER_PEER_FAILED" });
  });

  test.concurrent("who does not answer in time is silent, and enough is enough", async (t) => {
    const connect = await create(t);
    const never = new Promise<never>(() => undefined);
    const serve = (answer: Promise<unknown>) => (peers: Peers) =>
      peers.serve("ask", z.null(), () => answer);
    await join(t, connect(), { prepare: serve(never) });
    await join(t, connect(), { prepare: serve(Promise.resolve("here")) });
    await join(t, connect(), { prepare: serve(Promise.resolve(7)) });
    const caller = await join(t, connect(), { roles: [] });
    const call = { service: "ask", body: null };
    const patient = { answer: z.string(), deadlineMs: 500 };
    const all = await caller.call({ role: "broker" }, call, patient);
    // One has said nothing, one what nobody understands.
    const refusals = [expect.objectContaining({ code: "BROKER_PEER_FAILED" })];
    expect(all).toEqual({ answers: ["here"], refusals, silent: 1 });
    const first = await caller.call({ role: "broker" }, call, { ...text, isEnough: () => true });
    expect(first.answers).toEqual(["here"]);
  });

  test.concurrent("calls that wait are bounded", async (t) => {
    const connect = await create(t);
    const never = new Promise<never>(() => undefined);
    const prepare = (peers: Peers) => peers.serve("ask", z.null(), () => never);
    const peers = await join(t, connect(), { prepare });
    const ask = () => peers.call(peers, { service: "ask", body: null }, text);
    const waiting = Array.from({ length: callsMax }, ask);
    await expect(ask()).rejects.toMatchObject({ code: "BROKER_PEERS_UNAVAILABLE" });
    await peers.close();
    for (const call of waiting) await call;
  });

  test.concurrent("who comes knows at once who is there, and is known to them", async (t) => {
    const connect = await create(t);
    const first = await join(t, connect(), { roles: ["ingest"] });
    const changes: { nodeId: string; told: number }[] = [];
    const prepare = (made: Peers) =>
      void made.nodes.onChange(({ nodeId }) => changes.push({ nodeId, told: made.counts.told }));
    const second = await join(t, connect(), { prepare });
    await until(() => changes.length === 1 && first.nodes.all().length === 1);
    // Before its own first beat: it has said hello and no more.
    expect(changes[0]?.nodeId).toBe(first.nodeId);
    expect(changes[0]?.told).toBeLessThanOrEqual(1);
    expect(first.nodes.all()).toEqual([{ nodeId: second.nodeId, roles: ["broker"] }]);
  });

  test.concurrent("who leaves is gone at once, who falls silent after some beats", async (t) => {
    const connect = await create(t);
    const watcher = await join(t, connect());
    const changes: string[] = [];
    watcher.nodes.onChange(({ nodeId }, isThere) => changes.push(`${nodeId} ${isThere}`));
    const leaver = await join(t, connect(), { roles: ["ingest"] });
    const silentBus = connect();
    const silent = await join(t, silentBus);
    await until(() => watcher.nodes.all().length === 2);
    expect(watcher.nodes.all()).toContainEqual({ nodeId: leaver.nodeId, roles: ["ingest"] });
    await leaver.close();
    await until(() => changes.includes(`${leaver.nodeId} false`));
    expect(watcher.nodes.all()).toEqual([{ nodeId: silent.nodeId, roles: ["broker"] }]);
    // As a killed process: without a word.
    await silentBus.close();
    await until(() => changes.includes(`${silent.nodeId} false`));
    expect(watcher.nodes.all()).toEqual([]);
  });

  test.concurrent("what nobody of ours has said is refused and counted, once each", async (t) => {
    const connect = await create(t);
    const heard: string[] = [];
    const peers = await join(t, connect(), {
      prepare: (made) => void made.onNews("word", z.string(), (word) => heard.push(word)),
    });
    const stranger = await join(t, connect(), { roles: [] });
    const bus = connect();
    bus.join(["nobody-else"], { onText: () => undefined, onOpen: () => undefined });
    await until(() => bus.awaySinceMs === null);
    for (const rubbish of ["", "{", "null", '{"kind":"beat"}', '{"kind":"other","from":"x"}']) {
      await bus.publish("nadi:peers:all", rubbish);
    }
    stranger.tell("word", { no: "text" });
    stranger.tell("word", "last");
    await until(() => heard.length > 0);
    expect(heard).toEqual(["last"]);
    expect(peers.counts.refused).toBe(6);
    expect(peers.warnings).toHaveLength(6);
    await bus.close();
  });
}
