import { expect, test } from "vitest";
import { addDevice, addKitchen, mosquittoPub } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import { spawnNadi, startNadi, tempFolder } from "../support/nadi-process.ts";
import { startRedis } from "../support/redis.ts";

const sppgId = "sppg-jakarta-001";
const durable = ["--appendonly", "yes", "--appendfsync", "always"];
const readings = 3;

test("the journal changes its place when all of it is taken, and is refused before", async (t) => {
  const redis = await startRedis(t, { args: durable });
  const onRedis = { NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: redis.url };
  const dataDir = tempFolder(t);
  await addKitchen(dataDir, sppgId);
  const login = await addDevice(dataDir, {
    sppgId,
    deviceId: "probe-1",
    kind: "temperature-probe",
  });

  // A store that is away: what is acknowledged stays in the journal.
  const away = { NADI_INFLUX_URL: "http://127.0.0.1:1", NADI_INFLUX_VERSION: "1" };
  const first = await startNadi(t, { dataDir, env: away });
  for (let number = 0; number < readings; number += 1) {
    const { code } = await mosquittoPub(first, login, { message: '{"celsius":4.5}' });
    expect(code).toBe(0);
  }
  await first.stop();

  const tooSoon = spawnNadi(t, { dataDir, env: onRedis });
  expect(await tooSoon.exited).toEqual({ code: 1, signal: null });
  expect(tooSoon.stderr()).toContain("JOURNAL_NOT_EMPTY");
  expect(tooSoon.stderr()).toContain(`${readings} acknowledged messages`);

  const again = await startNadi(t, { dataDir });
  await expect
    .poll(() => readMetric(again.httpUrl, "nadi_recorder_stored_total"), { timeout: 10_000 })
    .toBe(readings);
  await again.stop();

  const moved = await startNadi(t, { dataDir, env: onRedis });
  expect((await mosquittoPub(moved, login, { message: '{"celsius":4.5}' })).code).toBe(0);
  await moved.stop();

  const otherwise = spawnNadi(t, { dataDir, env: { ...onRedis, NADI_JOURNAL_PARTITIONS: "8" } });
  expect(await otherwise.exited).toEqual({ code: 1, signal: null });
  expect(otherwise.stderr()).toContain("JOURNAL_PARTITIONS_MISMATCH");

  // Back again nothing is acknowledged that would never be read.
  const back = spawnNadi(t, { dataDir });
  expect(await back.exited).toEqual({ code: 1, signal: null });
  expect(back.stderr()).toContain("INGEST_LAYOUT_DIFFERS");
  expect(back.logs.filter(({ msg }) => msg === "mqtt listening")).toEqual([]);
});
