import { expect, test } from "vitest";
import { devicesConfigSchema, loadDevicesConfig } from "../../devices/config.ts";

test("an empty environment gives the defaults, frozen", () => {
  const config = loadDevicesConfig({});
  expect(config).toEqual({
    dataDir: "./data",
    mqttHost: "127.0.0.1",
    mqttPort: 1883,
    devicesAddress: null,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test("an empty variable counts as one that is not set, and others' are not looked at", () => {
  const env = { NADI_DATA_DIR: "", NADI_MQTT_PORT: "0", NADI_HTTP_PORT: "x", PATH: undefined };
  expect(loadDevicesConfig(env)).toMatchObject({ dataDir: "./data", mqttPort: 0 });
});

test.for(["-1", "65536", "1.5", "mqtt", "1883x"])("port %s is refused by name", (port) => {
  expect(() => loadDevicesConfig({ NADI_MQTT_PORT: port })).toThrow(/NADI_MQTT_PORT must be/);
});

test("every key is described", () => {
  for (const [key, schema] of Object.entries(devicesConfigSchema.shape)) {
    expect(schema.description, key).toMatch(/\.$/);
  }
});
