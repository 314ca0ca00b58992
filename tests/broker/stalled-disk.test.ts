import { expect, test } from "vitest";
import { createTestBroker, credentialsOf } from "../support/broker.ts";
import { packets } from "../support/mqtt-wire.ts";

const topicName = "sppg/sppg-a/telemetry/probe/temperature";
/** One message under way is as many bytes as the journal may hold. */
const env = { NADI_MAX_PENDING_BYTES: "1" };

test("while the disk stalls devices sign in and get PINGRESP, and PUBACKs come after", async (t) => {
  const { logins, journal, signIn, open } = await createTestBroker(t, { env });
  const probe = logins.add("sppg-a", "probe");
  const other = logins.add("sppg-a", "other");
  const client = await signIn(probe);
  journal.hold();
  client.send(
    packets.publish({ topicName, payload: "1", qos: 1, messageId: 1 }),
    packets.pingreq(),
    packets.publish({ topicName, payload: "2", qos: 1, messageId: 2 }),
  );
  await client.next("pingresp");
  const late = await open();
  const connack = await late.connect(credentialsOf(other));
  expect(connack.returnCode).toBe(0);
  expect(journal.pending).toBe(1);
  journal.release();
  expect(await client.next("puback")).toMatchObject({ messageId: 1 });
  expect(await client.next("puback")).toMatchObject({ messageId: 2 });
});

test("a client with all its messages under way still gets PINGRESP", async (t) => {
  const { logins, journal, signIn } = await createTestBroker(t, {
    env: { NADI_MAX_IN_FLIGHT: "2" },
  });
  const client = await signIn(logins.add("sppg-a", "probe"));
  journal.hold();
  const publish = (messageId: number): Buffer =>
    packets.publish({ topicName, payload: `${messageId}`, qos: 1, messageId });
  client.send(publish(1), publish(2), packets.pingreq(), publish(3));
  await client.next("pingresp");
  expect(journal.pending).toBe(2);
  journal.release();
  for (const messageId of [1, 2, 3]) {
    expect(await client.next("puback")).toMatchObject({ messageId });
  }
});
