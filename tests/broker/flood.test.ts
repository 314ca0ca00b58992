import { expect, test } from "vitest";
import { createTestBroker } from "../support/broker.ts";
import { connectRaw, loopbackAddress, packets } from "../support/mqtt-wire.ts";

const rubbish = packets.raw(0xf0, Buffer.from([1, 2]));
/** Clients that come again at once, whatever they are told. */
const lanes = 8;
/** What an address is told at once; beyond it refusals are put off and connections braked. */
const answers = 200;
/** On a machine that other tests share; alone it is some 100 ms. */
const connectMs = 1_000;

test("while one address floods with rubbish, devices of another connect and are acknowledged", async (t) => {
  const made = await createTestBroker(t, { clock: { monotonicMs: () => 0 } });
  const flood = { isOn: true };
  const flooding = Promise.all(
    Array.from({ length: lanes }, async () => {
      while (flood.isOn) {
        const client = await connectRaw({ port: made.port, localAddress: loopbackAddress(7) });
        client.send(rubbish);
        await client.end();
      }
    }),
  );
  t.onTestFinished(async () => {
    flood.isOn = false;
    await flooding;
  });
  const refused = (): number => made.count("packet-type-not-allowed");
  while (refused() < answers * 2) await new Promise((resolve) => setImmediate(resolve));

  for (let number = 1; number <= 10; number++) {
    const startedAt = performance.now();
    const client = await made.signIn(made.logins.add("sppg-a", `probe-${number}`));
    expect(performance.now() - startedAt).toBeLessThan(connectMs);
    const topicName = `sppg/sppg-a/telemetry/probe-${number}/temperature`;
    client.send(packets.publish({ topicName, payload: "4", qos: 1, messageId: 1 }));
    await client.next("puback");
    expect(performance.now() - startedAt).toBeLessThan(connectMs * 2);
  }
  expect(refused()).toBeGreaterThan(answers * 2);
});
