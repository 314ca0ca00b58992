import { expect, test } from "vitest";
import {
  type CommandResult,
  type NadiProcess,
  runNadi,
  runProgram,
  type Scope,
  signIn,
  startNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import { packets } from "../support/mqtt-wire.ts";

interface Login {
  clientId: string;
  username: string;
  password: string;
  topic: string;
}

async function command(dataDir: string, words: readonly string[]): Promise<unknown> {
  const result = await runNadi(dataDir, [...words, "--json"]);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

function addDevice(deviceId: string): string[] {
  return ["device", "add", "sppg-jakarta-001", deviceId, "--kind", "temperature-probe"];
}

/** As in README: a running serve, then a kitchen and a device beside it. */
async function walkThrough(scope: Scope) {
  const dataDir = tempFolder(scope);
  const nadi = await startNadi(scope, { dataDir });
  const zone = ["--timezone", "Asia/Jakarta"];
  await command(dataDir, ["kitchen", "add", "sppg-jakarta-001", "--name", "Dapur", ...zone]);
  const login = (await command(dataDir, addDevice("probe-1"))) as Login;
  return { dataDir, nadi, login };
}

interface Publish {
  topic?: string;
  password?: string;
  message?: string;
  more?: readonly string[];
}

function mosquittoPub(nadi: NadiProcess, login: Login, publish: Publish): Promise<CommandResult> {
  const { topic = login.topic, password = login.password } = publish;
  const { message = '{"celsius":73.2}', more = [] } = publish;
  const address = ["-h", "127.0.0.1", "-p", String(nadi.mqttPort)];
  const who = ["-i", login.clientId, "-u", login.username, "-P", password];
  const what = ["-q", "1", "-t", topic, "-m", message, ...more];
  // A refused publish closes the connection, and mosquitto_pub would come back for ever.
  return runProgram(["mosquitto_pub", ...address, ...who, ...what], { timeoutMs: 3_000 });
}

function mosquittoSub(nadi: NadiProcess, login: Login, filter: string): Promise<CommandResult> {
  const address = ["-h", "127.0.0.1", "-p", String(nadi.mqttPort)];
  const who = ["-i", login.clientId, "-u", login.username, "-P", login.password];
  return runProgram(["mosquitto_sub", ...address, ...who, "-t", filter, "-E", "-W", "2"]);
}

async function readings(dataDir: string): Promise<{ topicName: string; payload: string }[]> {
  const { stdout } = await runNadi(dataDir, ["journal", "read", "--from", "1", "--limit", "1000"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; topicName: string; payload: string })
    .filter(({ kind }) => kind === "publish");
}

test("a device added beside a running serve publishes, and its PUBACK means journaled", async (t) => {
  const { dataDir, nadi, login } = await walkThrough(t);
  expect(login.clientId).toBe("sppg-jakarta-001.probe-1");
  expect(login.topic).toBe("sppg/sppg-jakarta-001/telemetry/probe-1/temperature");

  const published = await mosquittoPub(nadi, login, {});

  expect(published.code, published.stderr).toBe(0);
  expect(await readings(dataDir)).toMatchObject([
    { principal: login.clientId, topicName: login.topic, payload: '{"celsius":73.2}', qos: 1 },
  ]);
  const inspected = await command(dataDir, ["journal", "inspect"]);
  // Both consumers stand at its start until their first checkpoint.
  const cursors = [{ name: "monitor" }, { name: "recorder" }];
  expect(inspected).toMatchObject({ firstOffset: 1, damagedRecords: 0, cursors });
});

test("what is not the device's own is refused to mosquitto_pub, and none of it is kept", async (t) => {
  const { dataDir, nadi, login } = await walkThrough(t);
  const foreign = {
    "wrong secret": { password: "not the secret" },
    "another device's topic": { topic: "sppg/sppg-jakarta-001/telemetry/probe-2/temperature" },
    "another kitchen": { topic: "sppg/sppg-jakarta-002/telemetry/probe-1/temperature" },
    "its own command topic": { topic: "sppg/sppg-jakarta-001/command/probe-1/x" },
    "a topic of no kitchen": { topic: "weather" },
    $SYS: { topic: "$SYS/broker/uptime" },
    $share: { topic: `$share/group/${login.topic}` },
  } satisfies Record<string, Publish>;

  for (const [what, publish] of Object.entries(foreign)) {
    const result = await mosquittoPub(nadi, login, publish);
    expect(result.code, `${what}: ${result.stderr}`).not.toBe(0);
  }
  const spoofed = { ...login, clientId: "x", username: "sppg-jakarta-001.probe-9" };
  expect((await mosquittoPub(nadi, spoofed, {})).code).not.toBe(0);
  expect(await readings(dataDir)).toEqual([]);
});

test("filters beyond the device's own commands are refused to mosquitto_sub", async (t) => {
  const { nadi, login } = await walkThrough(t);
  const own = await mosquittoSub(nadi, login, "sppg/sppg-jakarta-001/command/probe-1/#");
  expect(own.code, own.stderr).toBe(0);

  for (const filter of [
    "#",
    "+/+/telemetry/#",
    "sppg/sppg-jakarta-001/#",
    "sppg/sppg-jakarta-001/command/probe-2/#",
    "sppg/sppg-jakarta-002/command/probe-1/#",
    "$SYS/#",
    "$share/group/sppg/sppg-jakarta-001/command/probe-1/#",
  ]) {
    const { code, stderr, stdout } = await mosquittoSub(nadi, login, filter);
    expect(code === 0 && !/denied|rejected/i.test(stderr), `${filter}: ${stderr}${stdout}`).toBe(
      false,
    );
  }
});

test("a revoked device is closed within a second, and stays out", async (t) => {
  const { dataDir, nadi, login } = await walkThrough(t);
  const device = { ...login, topicName: login.topic };
  const client = await signIn(t, { port: nadi.mqttPort, device });
  const other = (await command(dataDir, addDevice("probe-2"))) as Login;
  const neighbour = await signIn(t, {
    port: nadi.mqttPort,
    device: { ...other, topicName: other.topic },
  });

  await command(dataDir, ["device", "revoke", "sppg-jakarta-001", "probe-1"]);
  const revokedAtMs = performance.now();
  await client.closed;

  // The promise is a second after the commit, which lies before the command's end.
  expect(performance.now() - revokedAtMs).toBeLessThan(1_000);
  expect((await mosquittoPub(nadi, login, {})).code).not.toBe(0);
  neighbour.send(packets.pingreq());
  await neighbour.next("pingresp");
});

test("a rotated secret signs in within a second, beside the old one unless that ends now", async (t) => {
  const { dataDir, nadi, login } = await walkThrough(t);
  const names = ["sppg-jakarta-001", "probe-1"];
  const second = (await command(dataDir, ["device", "rotate", ...names])) as Login;
  const accepts = (secret: Login) => async (): Promise<number | null> =>
    (await mosquittoPub(nadi, secret, {})).code;

  await expect.poll(accepts(second), { timeout: 1_000, interval: 50 }).toBe(0);
  expect(await accepts(login)()).toBe(0);
  const third = (await command(dataDir, ["device", "rotate", ...names, "--now"])) as Login;
  await expect.poll(accepts(third), { timeout: 1_000, interval: 50 }).toBe(0);
  expect(await accepts(second)()).not.toBe(0);
});
