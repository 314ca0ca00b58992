import { statSync } from "node:fs";
import path from "node:path";
import { expect, test, type TestContext } from "vitest";
import {
  type CommandContext,
  exitCodes,
  registryMigrationsModule,
  runCommandLine,
} from "../../devices/index.ts";
import { createSimulateCommands } from "../../simulators/index.ts";
import { createTestBroker } from "../support/broker.ts";
import { tempFolder } from "../support/nadi-process.ts";
import { createRegistry, loginsOf } from "./demo/registry.ts";

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** `nadi` with the commands of the simulators, in this process. */
async function run(
  env: Record<string, string>,
  words: readonly string[],
  options: { signal?: AbortSignal; onStderr?: (text: string) => void } = {},
): Promise<Result> {
  const written = { stdout: "", stderr: "" };
  const context: CommandContext = {
    env,
    stdout: { write: (text) => (written.stdout += text) },
    stderr: {
      write(text) {
        written.stderr += text;
        options.onStderr?.(text);
      },
    },
    version: "1.2.3",
    json: false,
    signal: options.signal ?? new AbortController().signal,
  };
  const commands = createSimulateCommands({ migrationModules: [registryMigrationsModule] });
  const code = await runCommandLine(commands, words, context);
  return { code, ...written };
}

/** A broker, and beside it the registry that it asks: what `serve` is to a command. */
async function serve(t: TestContext): Promise<Record<string, string>> {
  const { registry, file } = await createRegistry(t);
  const { port } = await createTestBroker(t, { logins: loginsOf(registry) });
  return { NADI_DATA_DIR: path.dirname(file), NADI_MQTT_PORT: String(port) };
}

test("a scenario is registered, played beside a running serve and acknowledged", async (t) => {
  const env = await serve(t);
  const words = ["simulate", "--scenario", "sensor-fault", "--speed", "5000", "--json"];
  const first = await run(env, words);
  expect(first.stderr).toContain("Simulating sppg-jakarta-001");
  expect(first.code).toBe(exitCodes.done);
  const stats = JSON.parse(first.stdout) as Record<string, number>;
  expect(stats).toMatchObject({ devices: 14, pending: 0, dropped: 0, kitchens: 1 });
  expect(stats["acked"]).toBeGreaterThan(2000);
  const file = path.join(env["NADI_DATA_DIR"] ?? "", "demo-credentials.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);

  // The secrets of before work without the records.
  const again = await run(env, [...words, "--credentials", file, "--duration", "5m"]);
  expect(again.code).toBe(exitCodes.done);
});

test("a signal ends a live simulation cleanly", async (t) => {
  const env = await serve(t);
  const stop = new AbortController();
  const result = await run(env, ["simulate", "--kitchens", "2"], {
    signal: stop.signal,
    onStderr: () => stop.abort(),
  });
  expect(result.code).toBe(exitCodes.done);
  expect(result.stdout).toContain("of 28 devices");
});

test("wrong arguments are named, and end with the code of a wrong command line", async (t) => {
  const env = { NADI_DATA_DIR: tempFolder(t) };
  for (const [words, text] of [
    [["--speed", "fast"], /--speed must be a number/],
    [["--kitchens", "1.5"], /--kitchens must be a whole number/],
    [["--kitchens", "0"], /--kitchens must be a number from 1/],
    [["--from", "yesterday"], /--from must be ISO 8601/],
    [["--from", "2020-01-01T00:00:00Z"], /last 7 days/],
    [["--duration", "10"], /--duration must be like/],
    [["--timezone", "Europe/Berlin"], /--timezone must be one of/],
    [["--scenario", "no-such"], /take one of cold-chain-break/],
    [["--provision", "--no-provision"], /exclude each other/],
  ] as const) {
    const { code, stderr } = await run(env, ["simulate", ...words]);
    expect(stderr).toMatch(text);
    expect(code).toBe(exitCodes.usage);
  }
});

test("without secrets and without leave to make them, it says how to get them", async (t) => {
  const env = { NADI_DATA_DIR: tempFolder(t) };
  const { code, stderr } = await run(env, ["simulate", "--no-provision"]);
  expect(code).toBe(exitCodes.failed);
  expect(stderr).toMatch(/--provision.*SIMULATORS_CREDENTIALS_MISSING/);
});

test("the scenarios are listed with what they should show", async () => {
  const { code, stdout } = await run({}, ["simulate", "scenarios", "--json"]);
  expect(code).toBe(exitCodes.done);
  const { scenarios } = JSON.parse(stdout) as { scenarios: { name: string; story: string }[] };
  expect(scenarios.length).toBeGreaterThanOrEqual(7);
  expect((await run({}, ["simulate", "scenarios"])).stdout).toContain("cold-chain-break");
});

test("help names every option", async () => {
  const { code, stdout } = await run({}, ["simulate", "--help"]);
  expect(code).toBe(exitCodes.done);
  for (const option of ["kitchens", "speed", "seed", "scenario", "from", "duration", "host"]) {
    expect(stdout).toContain(`--${option}`);
  }
});
