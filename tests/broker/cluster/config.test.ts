import { expect, test } from "vitest";
import { backoffMs } from "../../../broker/cluster/backoff.ts";
import { describeCluster, loadClusterConfig } from "../../../broker/cluster/config.ts";
import { clientIdOf } from "../../../broker/cluster/place.ts";

test("without NADI_MQTT_URL there is no cluster", () => {
  expect(loadClusterConfig({})).toBe(null);
});

test("a user may stand in the URL, encoded, or in variables of its own", () => {
  const inUrl = loadClusterConfig({ NADI_MQTT_URL: "mqtts://na%40di:p%2Fw@mqtt.example.org" });
  expect(inUrl).toMatchObject({ port: 8883, isTls: true, username: "na@di", password: "p/w" });
  const apart = loadClusterConfig({
    NADI_MQTT_URL: "mqtt://[::1]:1884",
    NADI_MQTT_USERNAME: "nadi",
    NADI_MQTT_PASSWORD: "secret",
  });
  expect(apart).toMatchObject({ host: "::1", port: 1884, username: "nadi", connections: 32 });
  expect(apart && describeCluster(apart)).toBe("mqtt://[::1]:1884");
});

test("a subscription that is not shared has one connection, whatever else is set", () => {
  const env = { NADI_MQTT_URL: "mqtt://a", NADI_MQTT_SHARED: "no", NADI_MQTT_CONNECTIONS: "8" };
  expect(loadClusterConfig(env)).toMatchObject({ isShared: false, connections: 1 });
});

test.each([
  [{ NADI_MQTT_URL: "secret" }, "NADI_MQTT_URL must be mqtt://"],
  [{ NADI_MQTT_URL: "secret", NADI_MQTT_CONNECTIONS: "0" }, "NADI_MQTT_CONNECTIONS must be 1"],
  [{ NADI_MQTT_URL: "secret", NADI_MQTT_PASSWORD: "secret" }, "NADI_MQTT_PASSWORD needs"],
  [{ NADI_MQTT_URL: "mqtt://secret%@a" }, "NADI_MQTT_URL"],
  [{ NADI_MQTT_DEVICES_URL: "secret" }, "NADI_MQTT_DEVICES_URL"],
  [{ NADI_MQTT_CA: "ca.pem" }, "NADI_MQTT_CA needs NADI_MQTT_URL"],
  [{ NADI_MQTT_URL: "http://secret@a" }, "NADI_MQTT_URL"],
  [{ NADI_MQTT_URL: "mqtt://secret@a/path" }, "NADI_MQTT_URL"],
  [{ NADI_MQTT_URL: "mqtt://a", NADI_MQTT_CONNECTIONS: "1000" }, "NADI_MQTT_CONNECTIONS"],
  [{ NADI_MQTT_URL: "mqtt://u:secret@a", NADI_MQTT_USERNAME: "b" }, "NADI_MQTT_USERNAME"],
  [{ NADI_MQTT_URL: "mqtt://a", NADI_MQTT_PASSWORD: "secret" }, "NADI_MQTT_PASSWORD"],
])("%j is refused by the name of its variable, and no password is said", (env, name) => {
  const load = (): unknown => loadClusterConfig(env);
  expect(load).toThrow(name);
  expect(load).not.toThrow(/secret/);
});

test("attempts come later and later, up to 10 s, and never two processes in step", () => {
  const least = [0, 1, 5, 20].map((attempt) => backoffMs(attempt, () => 0));
  const most = [0, 1, 5, 20].map((attempt) => backoffMs(attempt, () => 1));
  expect(least).toEqual([125, 250, 4_000, 5_000]);
  expect(most).toEqual([250, 500, 8_000, 10_000]);
});

test("a client id is one that every MQTT 3.1.1 server takes", () => {
  expect(clientIdOf({ node: "0123abcd", sessions: 0 }, 998)).toMatch(/^[0-9a-z-]{1,23}$/);
});
