import { pino } from "pino";
import { expect, test, type TestContext } from "vitest";
import { loadBrokerConfig } from "../../broker/config.ts";
import { noLogins } from "../../broker/ports.ts";
import { servePeopleEdge } from "../../broker/serve-broker.ts";
import { StopStack } from "../../devices/index.ts";

/** An edge without a listener: devices connect to other processes. */
async function openPeopleEdge(t: TestContext, env: Record<string, string>) {
  const stack = new StopStack();
  t.onTestFinished(() => stack.unwind());
  const options = {
    config: loadBrokerConfig(env),
    cluster: null,
    dataDir: "",
    logins: noLogins,
    audit: { write: () => undefined },
    clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
  };
  const parts = { log: pino({ level: "silent" }), stack, crashPointSetting: undefined };
  return servePeopleEdge(options, parts);
}

test("pages show the brokers' address that NADI_MQTT_DEVICES_URL gives", async (t) => {
  const env = { NADI_MQTT_DEVICES_URL: "mqtts://mqtt.example.org", NADI_MQTT_PORT: "1999" };
  const edge = await openPeopleEdge(t, env);
  expect(edge.mqtt()).toEqual({ host: "mqtt.example.org", port: 8883, tlsPort: 8883 });
});

test("without it they show what a broker with the same environment listens on", async (t) => {
  const edge = await openPeopleEdge(t, { NADI_MQTT_HOST: "10.0.0.7", NADI_MQTT_PORT: "1999" });
  expect(edge.mqtt()).toEqual({ host: "10.0.0.7", port: 1999, tlsPort: null });
});
