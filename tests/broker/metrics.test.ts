import { Registry } from "@prometheus-io/client";
import { expect, test } from "vitest";
import { registerBrokerMetrics } from "../../broker/metrics.ts";
import { createTestBroker } from "../support/broker.ts";

test("what was accepted, journaled and refused is told in Prometheus' text", async (t) => {
  const { broker, journal, logins, signIn, open } = await createTestBroker(t);
  const registry = new Registry();
  registerBrokerMetrics(registry, { broker, journal });
  const device = logins.add("sppg-one", "probe");
  const client = await signIn(device);
  const wrong = await open();
  const { returnCode } = await wrong.connect({
    clientId: "x",
    username: device.username,
    password: "wrong",
  });
  expect(returnCode).toBe(4);
  await wrong.closed;
  await client.end();
  const text = await registry.metrics();
  expect(text).toMatch(/^nadi_mqtt_accepted_total 2$/m);
  expect(text).toMatch(/^nadi_mqtt_signed_in_total 1$/m);
  expect(text).toMatch(/^nadi_mqtt_refused_total\{reason="credentials"\} 1$/m);
  expect(text).toMatch(/^nadi_journal_open 1$/m);
});
