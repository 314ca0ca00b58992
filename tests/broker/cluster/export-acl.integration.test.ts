import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { expect, test, type TestContext } from "vitest";
import { createExportAclCommand } from "../../../broker/cluster/export-acl.ts";
import { mosquittoPassword } from "../../../broker/cluster/mosquitto-files.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import { type MosquittoServer, startMosquitto } from "../../support/mosquitto.ts";
import { fixedPort } from "../../support/nadi-process.ts";
import { createCommandLine, registryCommands } from "../../devices/cli/command-line.ts";

interface Login {
  username: string;
  password: string;
  topic: string;
}

const exportCommand = createExportAclCommand({ migrationModules: [registryMigrationsModule] });

async function createSite(t: TestContext) {
  const line = createCommandLine(t, [...registryCommands, exportCommand]);
  const folder = path.join(line.dataDir, "export");
  const secretsFile = path.join(line.dataDir, "secrets");
  const add = async (sppgId: string, deviceId: string, ...more: string[]): Promise<Login> => {
    const words = ["device", "add", sppgId, deviceId, "--kind", "temperature-probe", ...more];
    return (await line.runJson(...words)) as unknown as Login;
  };
  for (const sppgId of ["sppg-a", "sppg-b"]) {
    await line.runJson("kitchen", "add", sppgId, "--name", sppgId, "--timezone", "Asia/Jakarta");
  }
  const exported = (format: string, ...secrets: string[]) => {
    writeFileSync(secretsFile, secrets.join("\n"));
    const words = ["broker", "export-acl", "--format", format, "--out", folder];
    return line.runJson(...words, "--secrets", secretsFile);
  };
  return { line, folder, add, exported, read: (name: string) => text(path.join(folder, name)) };
}

function text(file: string): string {
  return readFileSync(file, "utf8");
}

/** The exported configuration as it is, but for its ports and where it keeps its sessions. */
async function startExported(t: TestContext, folder: string) {
  const nadiPort = await fixedPort();
  const server = await startMosquitto(t, {
    config: ({ port, folder: own }) =>
      text(path.join(folder, "mosquitto.conf"))
        .replace("listener 1883", `listener ${port} 127.0.0.1`)
        .replace("listener 1884 127.0.0.1", `listener ${nadiPort} 127.0.0.1`)
        .replace("/var/lib/mosquitto/", `${own}/data/`),
  });
  return { server, nadiPort };
}

async function signIn(
  t: TestContext,
  server: MosquittoServer,
  options: IClientOptions,
): Promise<MqttClient> {
  const common = { reconnectPeriod: 0, protocolVersion: 5 } as const;
  const client = await connectAsync(server.url, { ...common, ...options }, false);
  t.onTestFinished(() => client.endAsync(true));
  return client;
}

test("Mosquitto lets each device publish on its own topics, and on no others", async (t) => {
  const { folder, add, exported } = await createSite(t);
  const probe = await add("sppg-a", "probe-1");
  const plug = await add("sppg-b", "plug", "--codec", "tasmota");
  const secrets = [JSON.stringify(probe), `${plug.username}:${plug.password}`];
  expect(await exported("mosquitto", ...secrets)).toMatchObject({
    devices: 2,
    withoutPassword: [],
  });
  const { server } = await startExported(t, folder);
  const { username, password } = probe;
  const asProbe = { username, password, clientId: plug.username };
  const device = await signIn(t, server, asProbe);
  await device.publishAsync(probe.topic, "{}", { qos: 1 });
  for (const topicName of [
    plug.topic,
    "sppg/sppg-a/telemetry/probe-10/temperature",
    "sppg/sppg-a/tasmota/probe-1/tele/SENSOR",
    "sppg/sppg-a/command/probe-1/blink",
    "sppg/sppg-a/production/alerts",
  ]) {
    // Mosquitto 2.0.11 closes the connection over a refusal.
    const refused = (await signIn(t, server, asProbe)).publishAsync(topicName, "{}", { qos: 1 });
    await expect(refused, topicName).rejects.toMatchObject({ code: 135 });
  }
  // The client id that it has given is another's: it did not become that one.
  expect(server.lines.some((line) => line.includes(`as ${username} (p5`))).toBe(true);
  const other = await signIn(t, server, plug);
  await other.publishAsync("sppg/sppg-b/tasmota/plug/tele/SENSOR", "{}", { qos: 1 });
  await expect(signIn(t, server, { username, password: plug.password })).rejects.toThrow(
    /Connection refused/,
  );
  await expect(signIn(t, server, {})).rejects.toThrow(/Connection refused/);
});

test("Mosquitto gives a device its own commands, and Nadi every reading and no more", async (t) => {
  const { folder, add, exported, read } = await createSite(t);
  const probe = await add("sppg-a", "probe-1");
  const other = await add("sppg-a", "probe-2");
  await exported("mosquitto", JSON.stringify(probe), JSON.stringify(other));
  const { server, nadiPort } = await startExported(t, folder);
  const own = Object.fromEntries(
    [...read("nadi.env").matchAll(/^(\w+)=(.*)$/gm)].map(([, k, v]) => [k, v]),
  );
  const nadi = await signIn(t, server, {
    port: nadiPort,
    clientId: "nadi-0",
    username: own["NADI_MQTT_USERNAME"],
    password: own["NADI_MQTT_PASSWORD"],
  });
  const device = await signIn(t, server, probe);
  const heard: string[] = [];
  for (const client of [nadi, device]) client.on("message", (topicName) => heard.push(topicName));
  await device.subscribeAsync(["sppg/+/command/#", "sppg/+/telemetry/#"], { qos: 1 });
  await nadi.subscribeAsync("#", { qos: 1 });
  await nadi.publishAsync("sppg/sppg-a/command/probe-2/blink", "{}", { qos: 1 });
  await nadi.publishAsync("sppg/sppg-a/command/probe-1/blink", "{}", { qos: 1 });
  await device.publishAsync(probe.topic, "{}", { qos: 1 });
  await expect.poll(() => heard).toEqual(["sppg/sppg-a/command/probe-1/blink", probe.topic]);
  await expect(nadi.publishAsync(probe.topic, "{}", { qos: 1 })).rejects.toMatchObject({
    code: 135,
  });
});

test("a secret is given once; what is rotated or revoked since can't sign in", async (t) => {
  const { line, folder, add, exported, read } = await createSite(t);
  const [kept, rotated, revoked] = [
    await add("sppg-a", "kept"),
    await add("sppg-a", "rotated"),
    await add("sppg-a", "revoked"),
  ];
  const all = [kept, rotated, revoked].map((login) => JSON.stringify(login));
  expect(await exported("mosquitto", ...all)).toMatchObject({ withoutPassword: [] });
  const { server } = await startExported(t, folder);
  const device = await signIn(t, server, revoked);
  const closed = new Promise((resolve) => device.once("close", resolve as () => void));
  const before = read("passwords");
  await line.runJson("device", "rotate", "sppg-a", "rotated", "--now");
  await line.runJson("device", "revoke", "sppg-a", "revoked");
  const report = await exported("mosquitto", "sppg-a.kept:wrong");
  expect(report).toMatchObject({
    devices: 2,
    withoutPassword: [rotated.username],
    withdrawn: [revoked.username, rotated.username],
    unknownSecrets: [kept.username],
  });
  const lines = read("passwords").split("\n");
  expect(lines.filter((it) => it.startsWith(kept.username))).toEqual(
    before.split("\n").filter((it) => it.startsWith(kept.username)),
  );
  server.signal("SIGHUP");
  await closed;
  await expect(signIn(t, server, revoked)).rejects.toThrow(/Connection refused/);
  await expect(signIn(t, server, rotated)).rejects.toThrow(/Connection refused/);
  await signIn(t, server, kept);
});

test("EMQX gets the hash that Nadi has, and rules that name no device", async (t) => {
  const { add, exported, read } = await createSite(t);
  const probe = await add("sppg-a", "probe-1");
  expect(await exported("emqx")).toMatchObject({ devices: 1, withoutPassword: [] });
  const hash = createHash("sha256").update(probe.password).digest("hex");
  expect(read("users.csv").split("\n")).toContain(`sppg-a.probe-1,${hash},,false`);
  expect(read("acl.conf")).not.toContain("probe-1");
  expect(read("acl.conf").trimEnd().split("\n").at(-1)).toBe("{deny, all}.");
});

test("Nadi's own password is made once, and no export is readable for everybody", async (t) => {
  const { line, exported, read, folder } = await createSite(t);
  await exported("mosquitto");
  const first = read("nadi.env");
  await exported("mosquitto");
  expect(read("nadi.env")).toBe(first);
  expect(statSync(path.join(folder, "passwords")).mode & 0o007).toBe(0);
  line.env["NADI_MQTT_USERNAME"] = "ingest";
  line.env["NADI_MQTT_PASSWORD"] = "from the environment";
  const { files } = await exported("mosquitto");
  expect(files).not.toContain("nadi.env");
  expect(read("acl")).toContain("user ingest\n");
});

test("a wrong option or secrets file is named, and nothing of its content said", async (t) => {
  const { line, folder } = await createSite(t);
  const words = ["broker", "export-acl", "--out", folder];
  expect(await line.run(...words, "--format", "hivemq")).toMatchObject({ code: 2 });
  expect(await line.run("broker", "export-acl", "--format", "emqx")).toMatchObject({ code: 2 });
  const secrets = path.join(line.dataDir, "secrets");
  writeFileSync(secrets, "a.b:c\nverysecret\n");
  const refused = await line.run(...words, "--format", "emqx", "--secrets", secrets);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("line 2");
  expect(refused.stderr).not.toContain("verysecret");
});

test("the same password never gives the same line", () => {
  expect(mosquittoPassword("a")).toMatch(/^\$7\$101\$[\w+/=]{16}\$[\w+/=]{88}$/);
  expect(mosquittoPassword("a")).not.toBe(mosquittoPassword("a"));
});
