import { expect, test } from "vitest";
import { openDesk, otherSppgId, sppgId } from "./factories.ts";

function row(key: string, offset: number, id = sppgId) {
  return { sppgId: id, key, offset, body: `{"of":${offset}}` };
}

test("there is no state before the first checkpoint", async (t) => {
  const { ingest } = await openDesk(t);
  expect(await ingest.loadMonitorMeta()).toBeNull();
  expect(await ingest.loadStateRows(null, 10)).toEqual([]);
});

test("rows come back page by page, in the order of kitchens and keys", async (t) => {
  const { ingest } = await openDesk(t);
  const rows = ["a", "b", "c"].flatMap((key) => [row(key, 5), row(key, 5, otherSppgId)]);
  await ingest.saveState(rows, { offset: 5, body: "{}" });
  const first = await ingest.loadStateRows(null, 4);
  const second = await ingest.loadStateRows({ sppgId: otherSppgId, key: "a" }, 4);
  expect([...first, ...second].map(({ sppgId: id, key }) => [id, key])).toEqual([
    [sppgId, "a"],
    [sppgId, "b"],
    [sppgId, "c"],
    [otherSppgId, "a"],
    [otherSppgId, "b"],
    [otherSppgId, "c"],
  ]);
  expect(await ingest.loadStateRows({ sppgId: otherSppgId, key: "c" }, 4)).toEqual([]);
});

test("a row and the meta row move only to a newer offset, within one batch too", async (t) => {
  const { ingest } = await openDesk(t);
  await ingest.saveState([row("a", 9), row("a", 7), row("b", 3)], { offset: 9, body: "nine" });
  await ingest.saveState([row("a", 8), row("b", 4)], { offset: 8, body: "eight" });
  expect(await ingest.loadStateRows(null, 10)).toEqual([row("a", 9), row("b", 4)]);
  expect(await ingest.loadMonitorMeta()).toEqual({ offset: 9, body: "nine" });
  await ingest.saveState([], { offset: 10, body: "ten" });
  await ingest.saveState([row("a", 11)], null);
  expect(await ingest.loadMonitorMeta()).toEqual({ offset: 10, body: "ten" });
  expect(await ingest.loadStateRows(null, 1)).toEqual([row("a", 11)]);
});

test("a slice of many rows is one transaction", async (t) => {
  const { ingest } = await openDesk(t);
  const rows = Array.from({ length: 1_700 }, (_, index) => row(`k${index}`, 5));
  await ingest.saveState(rows, null);
  expect(await ingest.loadStateRows(null, 5_000)).toHaveLength(1_700);
  const broken = { ...row("z", 6), body: null as unknown as string };
  await expect(ingest.saveState([row("k0", 6), broken], null)).rejects.toThrow(
    /not null|null value/i,
  );
  expect(await ingest.loadStateRows(null, 1)).toMatchObject([{ key: "k0", offset: 5 }]);
});
