import { once } from "node:events";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { provision } from "../bench/provision.ts";
import { runNadi, runProgram, spawnNadi, tempFolder } from "../support/nadi-process.ts";

const words = ["serve", "--conformance"];

test("a conformance run lets anonymous clients exchange messages on any topic", async (t) => {
  const nadi = spawnNadi(t, { dataDir: tempFolder(t), words });
  const port = String((await nadi.line("mqtt listening"))["port"]);
  expect(
    nadi.logs.some((line) => line["level"] === 40),
    "a loud warning",
  ).toBe(true);
  const address = ["-h", "127.0.0.1", "-p", port];

  // `-d` tells on standard output when the SUBACK has come; `stdbuf`, that it tells it at once.
  const wanted = ["-d", "-q", "2", "-t", "a/+", "-C", "3"];
  const subscriber = spawn("stdbuf", ["-oL", "mosquitto_sub", ...address, ...wanted]);
  t.onTestFinished(() => void subscriber.kill());
  const output = text(subscriber.stdout.setEncoding("utf8"));
  // It may have its three messages before the last mosquitto_pub has ended.
  const closed = once(subscriber, "close");
  await new Promise<void>((resolve) => {
    subscriber.stdout.on("data", (chunk: string) => {
      if (chunk.includes("SUBACK") || chunk.includes("Subscribed")) resolve();
    });
  });
  for (const qos of ["0", "1", "2"]) {
    const what = ["-q", qos, "-t", `a/${qos}`, "-m", `message ${qos}`];
    const { code, stderr } = await runProgram(["mosquitto_pub", ...address, ...what]);
    expect(code, stderr).toBe(0);
  }
  await closed;

  const received = await output;
  for (const qos of ["0", "1", "2"]) expect(received).toContain(`message ${qos}`);
  expect(await nadi.stop()).toMatchObject({ code: 0 });
});

test("a conformance run never starts beside stored kitchens", async (t) => {
  const dataDir = tempFolder(t);
  await provision(dataDir, 1);
  const result = await runNadi(dataDir, words, { NADI_MQTT_PORT: "0" });
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain("stored kitchens");
});

test("a conformance run ends when somebody adds a kitchen beside it", async (t) => {
  const dataDir = tempFolder(t);
  const nadi = spawnNadi(t, { dataDir, words });
  await nadi.line("mqtt listening");
  const kitchen = ["sppg-a-1", "--name", "Dapur", "--timezone", "Asia/Jakarta"];
  expect(await runNadi(dataDir, ["kitchen", "add", ...kitchen], {})).toMatchObject({ code: 0 });
  expect(await nadi.exited).toEqual({ code: 1, signal: null });
  expect(nadi.stderr()).toContain("[BROKER_CONFORMANCE_ENDED]");
});

test("a conformance run is no demo", async (t) => {
  const result = await runNadi(tempFolder(t), [...words, "--demo"], {});
  expect(result.code).toBe(2);
  expect(result.stderr).toContain("--demo and --conformance exclude each other");
});

test("a conformance run never listens beyond loopback", async (t) => {
  const env = { NADI_MQTT_PORT: "0", NADI_MQTT_HOST: "0.0.0.0" };
  const result = await runNadi(tempFolder(t), words, env);
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain("0.0.0.0");
});
