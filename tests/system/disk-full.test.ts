import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { startLoad } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { holdJournal } from "../support/hold-journal.ts";
import { type Scope, signIn, startNadi } from "../support/nadi-process.ts";
import { packets } from "../support/mqtt-wire.ts";
import { JournalContents } from "./journal-contents.ts";
import { mountTmpfs } from "./needs.ts";

const mebibyte = 2 ** 20;
const diskMebibytes = 48;
const ballastMebibytes = 36;

interface Case {
  folder: string;
  minFreeBytes: number;
  reason: string;
}

/** Fills the disk under a running serve, then frees it; all that must hold meanwhile. */
async function fillAndFree(scope: Scope, { folder, minFreeBytes, reason }: Case) {
  const dataDir = path.join(folder, "data");
  const ballast = path.join(folder, "ballast");
  const [late, ...devices] = await provision(dataDir, 11);
  if (late === undefined) throw new Error("no device was provisioned");
  // Trimming would free what the test wants filled, and take what it counts afterwards.
  holdJournal(dataDir);
  writeFileSync(ballast, Buffer.alloc(ballastMebibytes * mebibyte, 1));
  const nadi = await startNadi(scope, {
    dataDir,
    env: {
      NADI_MIN_FREE_BYTES: String(minFreeBytes),
      NADI_JOURNAL_RESERVE_BYTES: String(mebibyte),
      NADI_MAX_JOURNAL_SEGMENT_BYTES: String(2 * mebibyte),
    },
  });
  const port = nadi.mqttPort;
  // Slow enough that the floor is seen before the disk is full: the journal looks now and then.
  const pace = { kind: "rate", perSecond: 20_000 } as const;
  const load = await startLoad({ port, devices, pace, reconnect: null, boot: 1 });
  scope.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });

  const withheld = await nadi.line("acknowledgements withheld");
  expect(withheld["reason"]).toBe(reason);
  const ready = await fetch(`${nadi.httpUrl}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain(reason);
  expect((await fetch(`${nadi.httpUrl}/metrics`)).status).toBe(200);
  const client = await signIn(scope, { port, device: late });
  client.send(packets.publish({ topicName: late.topicName, qos: 1, messageId: 9, payload: "{}" }));
  client.send(packets.pingreq());
  await client.next("pingresp");
  const ackedFull = load.stats().acked;
  expect(client.queued(), "no PUBACK on a full disk").toEqual([]);

  rmSync(ballast);
  await nadi.line("acknowledgements given again");
  expect(await client.next("puback")).toMatchObject({ messageId: 9 });
  await expect.poll(() => load.stats().acked, { timeout: 20_000 }).toBeGreaterThan(ackedFull);
  expect((await fetch(`${nadi.httpUrl}/readyz`)).status).toBe(200);
  const { disconnects } = await load.stop();
  await nadi.kill();
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  const { damagedRecords } = await contents.inspect();
  return { disconnects, missing: contents.findMissing(load.acked()), damagedRecords };
}

const unhurt = { disconnects: 0, missing: [], damagedRecords: 0 };

test("below the free-space floor PUBACKs are withheld, and come by themselves with space", async (t) => {
  const { folder, whyNot } = mountTmpfs(t, diskMebibytes);
  t.skip(whyNot !== null, whyNot ?? "");
  const outcome = await fillAndFree(t, {
    folder,
    minFreeBytes: 4 * mebibyte,
    reason: "free-space-floor",
  });
  expect(outcome).toEqual(unhurt);
});

test("on a full disk PUBACKs are withheld, and come by themselves with space", async (t) => {
  const { folder, whyNot } = mountTmpfs(t, diskMebibytes);
  t.skip(whyNot !== null, whyNot ?? "");
  const outcome = await fillAndFree(t, { folder, minFreeBytes: 0, reason: "no-space" });
  expect(outcome).toEqual(unhurt);
});
