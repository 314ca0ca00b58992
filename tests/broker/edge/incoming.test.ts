import { expect, test } from "vitest";
import { IncomingMessages } from "../../../broker/edge/incoming.ts";
import type { AppendDone } from "../../../broker/journal/journal.ts";

/** A journal that answers when the test says so, and what became of each message. */
function createIncoming(max = 4) {
  const incoming = new IncomingMessages(max);
  const stores: AppendDone[] = [];
  const answers: string[] = [];
  const receive = (
    messageId: number,
    payload: string,
    more: { owner?: number; isDup?: boolean } = {},
  ): boolean =>
    incoming.receive(
      { messageId, owner: 1, isDup: false, topicName: "t", payload: Buffer.from(payload), ...more },
      (done) => stores.push(done),
      (error) => answers.push(`${messageId} ${payload} ${error === null ? "acked" : "failed"}`),
    );
  return { incoming, stores, answers, receive };
}

test("a repeat on the same connection is stored once and acknowledged with the first", () => {
  const { stores, answers, receive } = createIncoming();
  receive(7, "a");
  receive(7, "a", { isDup: true });
  expect(stores).toHaveLength(1);
  expect(answers).toEqual([]);
  stores[0]?.(null, 1);
  expect(answers).toEqual(["7 a acked", "7 a acked"]);
});

test("over a new connection DUP tells a repeat from an equal reading of a restarted device", () => {
  const { stores, receive } = createIncoming();
  receive(7, "a");
  stores[0]?.(null, 1);
  receive(7, "a", { owner: 2, isDup: true });
  expect(stores).toHaveLength(1);
  receive(7, "a", { owner: 2, isDup: false });
  expect(stores).toHaveLength(2);
});

test("the same id with other content is a new message", () => {
  const { stores, receive } = createIncoming();
  receive(7, "a");
  receive(7, "b");
  expect(stores).toHaveLength(2);
});

test("a connection may have so many unreleased, and those of earlier ones yield", () => {
  const { incoming, receive } = createIncoming(2);
  expect(receive(1, "a", { owner: 1 })).toBe(true);
  expect(receive(2, "b", { owner: 2 })).toBe(true);
  expect(receive(3, "c", { owner: 2 })).toBe(true);
  expect(receive(4, "d", { owner: 2 })).toBe(false);
  incoming.release(3);
  expect(receive(4, "d", { owner: 2 })).toBe(true);
});

test("a message that could not be stored is forgotten: its repeat is stored anew", () => {
  const { stores, answers, receive } = createIncoming();
  receive(7, "a");
  stores[0]?.(new Error("closed"), 0);
  receive(7, "a", { isDup: true });
  expect(stores).toHaveLength(2);
  expect(answers).toEqual(["7 a failed"]);
});
