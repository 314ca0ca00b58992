import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { startRecordsWorker } from "../../../devices/records/records-worker.ts";
import { ChangeFeed } from "../../../devices/registry/change-feed.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { RegistryChange } from "../../../devices/registry/model.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { registryServiceModule } from "../../../devices/registry/service.ts";
import { migrate } from "../../../devices/records/migrations.ts";
import { migrations } from "../../../devices/registry/migrations.ts";
import { openTestRecords } from "../records/factories.ts";
import { createCommandLine, kitchenAdd, type CommandLine } from "./command-line.ts";

const ids = ["sppg-jakarta-001", "probe-1"] as const;
const kind = ["--kind", "temperature-probe"] as const;

async function withKitchen(t: TestContext): Promise<CommandLine> {
  const line = createCommandLine(t);
  await line.runJson(...kitchenAdd);
  return line;
}

function errorOf(stderr: string): { code: string; message: string } {
  return (JSON.parse(stderr) as { error: { code: string; message: string } }).error;
}

test("kitchen add makes the data folder, and kitchen list shows what was added", async (t) => {
  const line = createCommandLine(t);
  line.env["NADI_DATA_DIR"] = join(line.dataDir, "not", "there");
  const added = await line.runJson(...kitchenAdd);
  expect(added).toEqual({
    sppgId: "sppg-jakarta-001",
    name: "SPPG Jakarta 001",
    timeZone: "Asia/Jakarta",
    createdAtMs: expect.any(Number),
    version: 1,
    latitude: null,
    longitude: null,
  });
  expect(await line.runJson("kitchen", "list")).toEqual({ kitchens: [added] });
  expect((await line.run("kitchen", "list")).stdout).toMatch(/sppg-jakarta-001 +SPPG Jakarta 001/);
});

test("kitchen add takes where the kitchen stands, and refuses what is no place", async (t) => {
  const line = createCommandLine(t);
  const added = await line.runJson(...kitchenAdd, "--lat=-6.1966", "--lon=106.8362");
  expect(added).toMatchObject({ latitude: -6.1966, longitude: 106.8362 });
  const [, , , ...rest] = kitchenAdd;
  const other = ["kitchen", "add", "sppg-jakarta-002", ...rest] as const;
  for (const [options, told] of [
    [["--lat=-6,19", "--lon=106.8"], /--lat must be degrees such as -6.1966/],
    [["--lat=-6.1966"], /latitude and longitude belong together/],
    [["--lat=-96", "--lon=106.8"], /latitude must be -90 to 90 degrees/],
    [["--lat=0", "--lon=0"], /Gulf of Guinea/],
  ] as const) {
    const { code, stderr } = await line.run(...other, ...options);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(told);
  }
  expect(await line.runJson("kitchen", "list")).toEqual({ kitchens: [added] });
});

test("where there are no records nothing is made by whoever only looks, or was mistaken", async (t) => {
  const line = createCommandLine(t);
  const dataDir = join(line.dataDir, "mistyped");
  line.env["NADI_DATA_DIR"] = dataDir;
  const empty = await line.run("kitchen", "list");
  expect(empty).toMatchObject({
    code: 0,
    stderr: `nadi: there are no records in ${dataDir} yet\n`,
  });
  expect(await line.runJson("kitchen", "list")).toEqual({ kitchens: [] });
  expect(await line.runJson("user", "list")).toEqual({ users: [] });
  expect(await line.run("device", "add", ...ids, ...kind)).toMatchObject({ code: 1 });
  expect(await line.run("user", "reset", "head@example.org")).toMatchObject({ code: 1 });
  expect(existsSync(dataDir)).toBe(false);
});

test("a bad e-mail address is told by its name", async (t) => {
  const { stderr } = await createCommandLine(t).run("user", "reset", "nonsense");
  expect(stderr).toContain("nadi: email must be an e-mail address like head@example.org.");
});

test("empty lists are a sentence for people and an empty list in JSON", async (t) => {
  const line = createCommandLine(t);
  expect((await line.run("kitchen", "list")).stdout).toContain("no kitchen yet");
  expect((await line.run("user", "list")).stdout).toContain("nobody yet");
  expect(await line.runJson("user", "list")).toEqual({ users: [] });
  await line.runJson(...kitchenAdd);
  expect((await line.run("device", "list", ids[0])).stdout).toContain("no device yet");
  expect(await line.runJson("device", "list", ids[0])).toEqual({ devices: [] });
});

test("device add prints exactly what a device must be told", async (t) => {
  const line = await withKitchen(t);
  const added = await line.runJson("device", "add", ...ids, ...kind, "--place", "coldStore");
  expect(added).toEqual({
    sppgId: "sppg-jakarta-001",
    deviceId: "probe-1",
    clientId: "sppg-jakarta-001.probe-1",
    username: "sppg-jakarta-001.probe-1",
    password: expect.stringMatching(/^[\w-]{22,}$/),
    topic: "sppg/sppg-jakarta-001/telemetry/probe-1/temperature",
  });
  expect(await line.runJson("device", "list", ids[0])).toMatchObject({
    devices: [{ deviceId: "probe-1", place: "coldStore", enabled: true, gatewayId: null }],
  });
});

test("each kind has the topic of its reading, and options reach the registry", async (t) => {
  const line = await withKitchen(t);
  const topicOf = async (deviceId: string, ...options: string[]): Promise<unknown> =>
    (await line.runJson("device", "add", ids[0], deviceId, "--kind", ...options))["topic"];
  const tree = "sppg/sppg-jakarta-001/telemetry";
  expect(await topicOf("gw", "gateway")).toBe(`${tree}/gw/temperature`);
  const options = ["--codec", "traccar", "--gateway", "gw", "--interval-seconds", "5"];
  expect(await topicOf("car", "gps-tracker", ...options)).toBe(`${tree}/car/position`);
  expect(await topicOf("scale", "smart-scale")).toBe(`${tree}/scale/weight`);
  expect(await topicOf("room", "climate-sensor")).toBe(`${tree}/room/temperature`);
  expect(await topicOf("door", "door-sensor")).toBe(`${tree}/door/door`);
  const { devices } = await line.runJson("device", "list", ids[0]);
  expect(devices).toContainEqual(
    expect.objectContaining({
      deviceId: "car",
      codec: "traccar",
      gatewayId: "gw",
      place: "vehicle",
      expectedIntervalSeconds: 5,
    }),
  );
  const text = (await line.run("device", "list", ids[0])).stdout;
  expect(text).toMatch(/car +gps-tracker +vehicle +traccar +gw +5 s +enabled/);
});

test("people get the secret once, with a line to paste that names the listener", async (t) => {
  const line = await withKitchen(t);
  line.env["NADI_MQTT_HOST"] = "10.0.0.7";
  line.env["NADI_MQTT_PORT"] = "1999";
  const { stdout } = await line.run("device", "add", ...ids, ...kind);
  const password = /^password +(\S+)$/m.exec(stdout)?.[1] ?? "";
  expect(password).not.toBe("");
  expect(stdout).toContain(
    "mosquitto_pub -h '10.0.0.7' -p 1999 -i 'sppg-jakarta-001.probe-1' " +
      `-u 'sppg-jakarta-001.probe-1' -P '${password}' -q 1 ` +
      "-t 'sppg/sppg-jakarta-001/telemetry/probe-1/temperature' -m '{\"celsius\":3.5}'",
  );
  // 24 characters, one more than an MQTT 3.1 client may have.
  expect(stdout).toContain("MQTT 3.1   takes 23 characters as a client id");
  const short = await line.run("device", "add", ids[0], "probe", "--kind", "temperature-probe");
  expect(short.stdout).not.toContain("MQTT 3.1");
  expect((await line.run("device", "list", ids[0])).stdout).not.toContain(password);
  const files = readdirSync(line.dataDir).map((name) => readFileSync(join(line.dataDir, name)));
  expect(files.some((bytes) => bytes.includes("probe-1"))).toBe(true);
  expect(files.some((bytes) => bytes.includes(password))).toBe(false);
});

test("the line to paste goes where NADI_MQTT_DEVICES_URL says that devices connect", async (t) => {
  const line = await withKitchen(t);
  line.env["NADI_MQTT_DEVICES_URL"] = "mqtts://mqtt.example.org";
  const { stdout } = await line.run("device", "add", ...ids, ...kind);
  expect(stdout).toContain("mosquitto_pub -h 'mqtt.example.org' -p 8883 --tls-use-os-certs -i ");
});

test("device rotate and enable answer as device add does, with a new secret", async (t) => {
  const line = await withKitchen(t);
  const added = await line.runJson("device", "add", ...ids, ...kind);
  const rotated = await line.runJson("device", "rotate", ...ids);
  const now = await line.runJson("device", "rotate", ...ids, "--now");
  expect(await line.runJson("device", "revoke", ...ids)).toEqual({
    sppgId: ids[0],
    deviceId: ids[1],
    enabled: false,
  });
  expect((await line.run("device", "list", ids[0])).stdout).toContain("revoked");
  const enabled = await line.runJson("device", "enable", ...ids);
  const answers = [added, rotated, now, enabled];
  expect(new Set(answers.map(({ password }) => password)).size).toBe(4);
  for (const answer of answers)
    expect({ ...answer, password: "" }).toEqual({ ...added, password: "" });
});

test("user add, list and reset work on one person", async (t) => {
  const line = await withKitchen(t);
  const email = "head@example.org";
  const added = await line.runJson("user", "add", email, "--role", "head", "--kitchens", ids[0]);
  expect(added).toEqual({ email, role: "head", password: expect.stringMatching(/^.{16,}$/) });
  const reset = await line.runJson("user", "reset", email);
  expect(Object.keys(reset)).toEqual(["email", "role", "password"]);
  expect(reset["password"]).not.toBe(added["password"]);
  expect(await line.runJson("user", "list")).toMatchObject({
    users: [{ email, role: "head", kitchens: [ids[0]] }],
  });
  expect((await line.run("user", "add", "op@example.org", "--role", "operator")).stdout).toMatch(
    /^password +\S{16,}$/m,
  );
  expect((await line.run("user", "list")).stdout).toMatch(/op@example.org +operator +all/);
});

test("user disable and enable switch one person, and list says who is disabled", async (t) => {
  const line = await withKitchen(t);
  const email = "cook@example.org";
  await line.runJson("user", "add", email, "--role", "cook", "--kitchens", ids[0]);
  expect(await line.runJson("user", "disable", email)).toEqual({ email, enabled: false });
  expect((await line.run("user", "list")).stdout).toMatch(/cook@example.org .* disabled/);
  expect(await line.runJson("user", "enable", email)).toEqual({ email, enabled: true });
  expect((await line.run("user", "list")).stdout).not.toContain("disabled");
});

test.for([
  ["a kitchen twice", [...kitchenAdd], 1, "REGISTRY_KITCHEN_EXISTS"],
  [
    "a device of no kitchen",
    ["device", "add", "sppg-x-1", "p", ...kind],
    1,
    "REGISTRY_KITCHEN_UNKNOWN",
  ],
  ["an unknown device", ["device", "revoke", ...ids], 1, "REGISTRY_DEVICE_UNKNOWN"],
  ["an unknown person", ["user", "reset", "x@example.org"], 1, "REGISTRY_USER_UNKNOWN"],
  ["a wrong kind", ["device", "add", ...ids, "--kind", "kettle"], 2, "REGISTRY_INPUT_INVALID"],
  ["a wrong id", ["device", "list", "SPPG"], 2, "REGISTRY_INPUT_INVALID"],
  [
    "a wrong role",
    ["user", "add", "x@example.org", "--role", "kiosk"],
    2,
    "REGISTRY_INPUT_INVALID",
  ],
  ["a missing option", ["device", "add", ...ids], 2, "CLI_USAGE"],
  [
    "an odd interval",
    ["device", "add", ...ids, ...kind, "--interval-seconds", "1e3"],
    2,
    "CLI_USAGE",
  ],
] as const)(
  "%s fails with its code on stderr, in JSON and in words",
  async ([, argv, code, name], t) => {
    const line = await withKitchen(t);
    const json = await line.run(...argv, "--json");
    expect(json).toMatchObject({ code, stdout: "" });
    expect(errorOf(json.stderr).code).toBe(name);
    const plain = await line.run(...argv);
    expect(plain).toMatchObject({ code, stdout: "" });
    expect(plain.stderr).toMatch(new RegExp(`^nadi: .+ \\[${name}\\]\\n$`));
  },
);

test("a wrong environment is told key by key, and nothing is made", async (t) => {
  const line = createCommandLine(t);
  line.env["NADI_DATA_DIR"] = join(line.dataDir, "untouched");
  line.env["NADI_MQTT_PORT"] = "65536";
  const { code, stderr } = await line.run("kitchen", "list", "--json");
  expect(code).toBe(1);
  expect(errorOf(stderr)).toMatchObject({ code: "DEVICES_CONFIG_INVALID" });
  expect(errorOf(stderr).message).toContain("NADI_MQTT_PORT");
  expect(existsSync(join(line.dataDir, "untouched"))).toBe(false);
});

test("records of a newer Nadi are refused and left alone", async (t) => {
  const line = createCommandLine(t);
  const records = await openTestRecords(t, { dataDir: line.dataDir });
  await migrate(records, [...migrations, { id: "9999-newer", up: async () => {} }]);
  const { code, stderr } = await line.run("kitchen", "list", "--json");
  expect(code).toBe(1);
  expect(errorOf(stderr).code).toBe("RECORDS_NEWER_THAN_CODE");
});

test("a command works beside a running serve, which hears of it within a second", async (t) => {
  const line = createCommandLine(t);
  const worker = await startRecordsWorker<{ registry: Registry }>({
    dataDir: line.dataDir,
    lock: true,
    migrationModules: [registryMigrationsModule],
    services: { registry: registryServiceModule },
  });
  t.onTestFinished(() => worker.close());
  const { promise: heard, resolve } = Promise.withResolvers<RegistryChange>();
  const feed = new ChangeFeed({
    registry: worker.services.registry,
    onUnreadable: () => {},
    onReadable: () => {},
    onListenerError: () => {},
  });
  t.onTestFinished(() => feed.stop());
  await feed.start();
  feed.onChange(resolve);
  await line.runJson(...kitchenAdd);
  const committedAt = performance.now();
  expect(await heard).toMatchObject({ kind: "kitchen", sppgId: ids[0] });
  expect(performance.now() - committedAt).toBeLessThan(1_000);
  expect(await line.runJson("kitchen", "list")).toMatchObject({ kitchens: [{ sppgId: ids[0] }] });
});
