import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { openRedisJournal } from "../../../broker/index.ts";
import type { RealtimeMessage } from "../../../devices/index.ts";
import { startDurableRedis } from "../../broker/journal/redis/harness.ts";
import { tempFolder } from "../../support/nadi-process.ts";
import {
  kitchensApart,
  partitions,
  provision,
  publishTo,
  startPartitionedHost,
  untilOwned,
} from "./support.ts";

// Threads and servers start twice, as in one-process.
vi.setConfig({ testTimeout: 90_000 });

const watched = kitchensApart(4);

test("what is acknowledged while a partition has no owner, or gets one, is shown live once", async (t) => {
  const redis = await startDurableRedis(t);
  const place = { dataDir: tempFolder(t), redis, watched };
  const log = pino({ level: "silent" });
  const broker = await openRedisJournal({ url: redis.url, partitions, changeSeq: () => 0, log });
  t.onTestFinished(() => broker.close());
  const publish = publishTo(broker);
  const first = await startPartitionedHost(t, place);
  await provision(first, watched);
  await untilOwned(first);
  const ts = Date.now();
  const send = (celsius: number) =>
    Promise.all(watched.map((sppgId) => publish(sppgId, { ts: ts + celsius, celsius })));
  await send(1);
  await Promise.all(watched.map((sppgId) => first.message(isValue(sppgId, 1))));
  await first.stop();

  await send(2);
  const starting = startPartitionedHost(t, place);
  await send(3);
  const next = await starting;
  await untilOwned(next);
  const shows = () => watched.filter((sppgId) => next.messages.some(isValue(sppgId, 3)));
  await expect.poll(shows, { timeout: 30_000 }).toEqual(watched);
  const shown = watched.map((sppgId) => next.messages.filter((one) => one.sppgId === sppgId));
  for (const messages of shown) {
    // The first one has said how far it was; what came after it is told once, the newest at last.
    const values = messages.map(celsiusOf);
    expect([[2, 3], [3]]).toContainEqual(values);
  }
});

function isValue(sppgId: string, celsius: number): (message: RealtimeMessage) => boolean {
  return (message) => message.sppgId === sppgId && celsiusOf(message) === celsius;
}

function celsiusOf(message: RealtimeMessage): number | null {
  return message.type === "production_update" ? (message.data.fields["celsius"] ?? null) : null;
}
