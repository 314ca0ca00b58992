import { expect, test } from "vitest";
import { decodeRealtimeMessage } from "../../../devices/realtime-message.ts";
import { alertEffect, head, openDesk, sppgId } from "./factories.ts";

const a1 = { sppgId, alertId: "a1" };

function read(text: string | undefined) {
  const decoded = decodeRealtimeMessage(text ?? "");
  if (!decoded.ok) throw new Error(decoded.issues.join("; "));
  return decoded.message;
}

test("a message waits until it is known to be published, oldest first", async (t) => {
  const { ingest } = await openDesk(t);
  const sent = await ingest.applyEffects([
    alertEffect({ revision: 1 }, 10),
    alertEffect({ alertId: "a0" }, 11),
    alertEffect({ revision: 2 }, 12),
  ]);
  expect(sent.map(({ id }) => id)).toEqual(["a1.1", "a0.1", "a1.2"]);
  expect(await ingest.unpublished(2)).toEqual(sent.slice(0, 2));
  await ingest.markPublished(["a1.1", "a1.2", "never-heard-of"]);
  await ingest.markPublished([]);
  expect(await ingest.unpublished(10)).toEqual(sent.slice(1, 2));
});

test("a message that was not published comes again with the same bytes, after a replay too", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const effects = [alertEffect({ revision: 1 }, 10), alertEffect({ revision: 2 }, 12)];
  const sent = await ingest.applyEffects(effects);
  await desk.acknowledgeAlert({ ...a1, note: null }, head);
  const first = await ingest.unpublished(10, 15);
  // A crash before publishing: the monitor starts again, replays, and asks what waits.
  expect(await ingest.applyEffects(effects)).toEqual([]);
  const again = await ingest.unpublished(10, 40);
  expect(again).toEqual(first);
  expect(again.slice(0, 2)).toEqual(sent);
});

test("what a person did takes the place in the journal where it is first fetched", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect({}, 10)]);
  await desk.acknowledgeAlert({ ...a1, note: null }, head);
  const [, before] = await ingest.unpublished(10);
  expect(read(before?.text).position).toBe("00000000000000000010");
  const [, placed] = await ingest.unpublished(10, 77);
  expect(placed?.id).toBe("a1.p2");
  expect(read(placed?.text)).toMatchObject({
    position: "00000000000000000077",
    userId: head.email,
    data: { response: "acknowledged" },
  });
  expect((await ingest.unpublished(10, 99))[1]).toEqual(placed);
});

test("a person's message takes back nothing that the machine said in between", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect({}, 10)]);
  await desk.acknowledgeAlert({ ...a1, note: null }, head);
  await ingest.applyEffects([alertEffect({ revision: 2, worstValue: 12 }, 20)]);
  const [, person] = await ingest.unpublished(10, 25);
  expect(person?.id).toBe("a1.p2");
  expect(read(person?.text).data).toMatchObject({ worstValue: 12, response: "acknowledged" });
});

test("published messages are forgotten once the cursor has passed them, and no others", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([
    alertEffect({ revision: 1 }, 10),
    alertEffect({ revision: 2 }, 20),
    alertEffect({ revision: 3 }, 30),
  ]);
  await desk.acknowledgeAlert({ ...a1, note: null }, head);
  await ingest.unpublished(10, 35);
  await ingest.markPublished(["a1.1", "a1.3", "a1.p4"]);
  expect(await ingest.pruneOutbox(20)).toBe(1);
  expect((await ingest.unpublished(10)).map(({ id }) => id)).toEqual(["a1.2"]);
  expect(await ingest.pruneOutbox(35)).toBe(2);
  expect(await ingest.pruneOutbox(35)).toBe(0);
  expect((await ingest.unpublished(10)).map(({ id }) => id)).toEqual(["a1.2"]);
});

test("a replay of what was published and forgotten brings no message back", async (t) => {
  const { ingest } = await openDesk(t);
  const effects = [alertEffect({ revision: 1 }, 10), alertEffect({ revision: 2 }, 20)];
  await ingest.applyEffects(effects);
  await ingest.markPublished(["a1.1", "a1.2"]);
  await ingest.pruneOutbox(20);
  expect(await ingest.applyEffects(effects)).toEqual([]);
  expect(await ingest.unpublished(10)).toEqual([]);
});
