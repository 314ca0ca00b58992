import { expect, test } from "vitest";
import { FairShare, type Share } from "../../../broker/edge/fair-share.ts";

const limits = { inFlightMax: 128, inFlightMaxCrowded: 16 };

function startShares(count: number): { shares: FairShare; clients: Share[] } {
  const clients = Array.from({ length: count }, () => FairShare.newcomer());
  return { shares: new FairShare(limits), clients };
}

function limitsOf(shares: FairShare, clients: readonly Share[]): number[] {
  return clients.map((client) => shares.inFlightMaxOf(client));
}

test("a client that is alone may have all under way, however much it sends", () => {
  const { shares, clients } = startShares(1);
  for (const client of clients) {
    shares.noteActive(client);
    shares.noteFull(client);
  }
  expect(limitsOf(shares, clients)).toEqual([128]);
});

test("beside a content neighbour the one that takes all gets little, at once and for its time", () => {
  const { shares, clients } = startShares(2);
  const [flooder, neighbour] = clients;
  if (flooder === undefined || neighbour === undefined) throw new Error("two clients");
  shares.noteActive(neighbour);
  shares.noteActive(flooder);
  expect(limitsOf(shares, clients)).toEqual([128, 128]);
  shares.noteFull(flooder);
  expect(limitsOf(shares, clients)).toEqual([16, 128]);
  // Content neighbours publish once in a while: the window before counts too.
  shares.turn();
  expect(limitsOf(shares, clients)).toEqual([16, 128]);
  shares.turn();
  expect(limitsOf(shares, clients)).toEqual([128, 128]);
});

test("once its neighbours have gone quiet it gets all again, while it still takes all it can", () => {
  const { shares, clients } = startShares(2);
  const [flooder, neighbour] = clients;
  if (flooder === undefined || neighbour === undefined) throw new Error("two clients");
  shares.noteActive(neighbour);
  for (let turn = 0; turn < 3; turn += 1) {
    shares.noteActive(flooder);
    shares.noteFull(flooder);
    expect(shares.inFlightMaxOf(flooder)).toBe(turn < 2 ? 16 : 128);
    shares.turn();
  }
});

test("where more than half ask for all, all get the same", () => {
  const { shares, clients } = startShares(5);
  for (const client of clients) shares.noteActive(client);
  for (const client of clients.slice(0, 2)) shares.noteFull(client);
  expect(limitsOf(shares, clients)).toEqual([16, 16, 128, 128, 128]);
  shares.noteFull(clients[2] ?? FairShare.newcomer());
  expect(limitsOf(shares, clients)).toEqual([128, 128, 128, 128, 128]);
});

test("many messages of one client count once", () => {
  const { shares, clients } = startShares(1);
  const [client] = clients;
  if (client === undefined) throw new Error("one client");
  for (let index = 0; index < 10; index += 1) shares.noteActive(client);
  shares.noteFull(client);
  expect(shares.inFlightMaxOf(client)).toBe(128);
});
