import { expect, test } from "vitest";
import * as z from "zod";
import { sendCommand } from "../../../broker/peers/commands.ts";
import { packets } from "../../support/mqtt-wire.ts";
import { createBrokers, type JoinedBroker } from "./brokers.ts";
import { until } from "./peers.contract.ts";

const topicName = "sppg/sppg-1/command/probe-1/blink";
const monotonicMs = () => performance.now();

test("a command reaches the broker that has the session, and nobody is told from silence", async (t) => {
  const { brokers, logins, people } = await createBrokers(t, 2);
  const [a, b] = brokers as [JoinedBroker, JoinedBroker];
  const send = (text: string) => {
    const expiresAtMs = monotonicMs() + 30_000;
    const command = { topicName, payload: Buffer.from(text), expiresAtMs };
    const { peers } = people;
    return sendCommand(command, { peers, monotonicMs, isAnyEnough: false });
  };
  expect(await send("{}")).toBe(null);
  const probe = logins.add("sppg-1", "probe-1");
  const client = await b.signIn(probe, { clean: false });
  const filters = [{ topicFilter: "sppg/sppg-1/command/probe-1/#", qos: 1 as const }];
  client.send(packets.subscribe({ filters }));
  await client.next("suback");
  expect(await send('{"times":3}')).toBe("sent");
  expect(await client.next("publish")).toMatchObject({ topicName, qos: 1 });
  client.socket.destroy();
  await until(() => b.broker.edge.onlineCount === 0);
  expect(await send("{}")).toBe("waiting");
  // Frozen or dying: it might have had a session.
  a.peers.serve("command", z.unknown(), () => new Promise(() => undefined));
  await expect(send("{}")).resolves.toBe("waiting");
  b.broker.edge.sessions.discard(`sppg-1.probe-1:${probe.username}`);
  await expect(send("{}")).rejects.toMatchObject({ code: "BROKER_PEERS_UNAVAILABLE" });
});
