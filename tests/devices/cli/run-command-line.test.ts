import { expect, test } from "vitest";
import type { Command, ParsedArguments } from "../../../devices/cli/command.ts";
import { createCommandLine, registryCommands } from "./command-line.ts";

function command(words: string, run: Command["run"] = async () => 0): Command {
  return {
    path: words.split(" "),
    summary: `Does ${words}`,
    usage: `nadi ${words}`,
    details: "example: none",
    options: { limit: { type: "string" } },
    positionals: { min: 0, max: 1 },
    run,
  };
}

test("the command with the most words that match runs with its arguments", async (t) => {
  const seen: ParsedArguments[] = [];
  const line = createCommandLine(t, [
    command("journal", async () => 1),
    command("journal read", async (args) => {
      seen.push(args);
      return 0;
    }),
  ]);
  expect(await line.run("journal", "read", "--limit", "5", "--", "--x")).toMatchObject({ code: 0 });
  expect(seen[0]).toMatchObject({ positionals: ["--x"], options: { limit: "5" } });
  expect(await line.run("journal", "reed")).toMatchObject({ code: 1 });
});

test("--json is heard before and after the command, but not behind --", async (t) => {
  const seen: boolean[] = [];
  const run: Command["run"] = async (_args, context) => {
    seen.push(context.json);
    return 0;
  };
  const line = createCommandLine(t, [command("show", run)]);
  await line.run("--json", "show");
  await line.run("show", "--json");
  await line.run("show", "--", "--json");
  await line.run("show");
  expect(seen).toEqual([true, true, false, false]);
});

test.for(registryCommands.map((each) => [each.path.join(" "), each] as const))(
  "%s --help tells its usage and runs nothing",
  async ([name, each], t) => {
    const line = createCommandLine(t);
    const { code, stdout, stderr } = await line.run(...each.path, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`usage: nadi ${name}`);
    expect(stdout).toContain("--json");
    for (const option of Object.keys(each.options)) expect(stdout).toContain(`--${option}`);
  },
);

test("--help alone lists every command, and a group's --help its own", async (t) => {
  const line = createCommandLine(t);
  const all = await line.run("--help");
  expect(all).toMatchObject({ code: 0, stderr: "" });
  for (const { path } of registryCommands) expect(all.stdout).toContain(path.join(" "));
  const group = await line.run("device", "-h");
  expect(group.stdout).toContain("device rotate");
  expect(group.stdout).not.toContain("kitchen add");
});

test("nadi help is --help, also of a command and of a group", async (t) => {
  const line = createCommandLine(t);
  expect(await line.run("help")).toEqual(await line.run("--help"));
  expect(await line.run("help", "device", "add")).toEqual(
    await line.run("device", "add", "--help"),
  );
  expect(await line.run("help", "device")).toEqual(await line.run("device", "--help"));
  expect(await line.run("help", "frobnicate")).toMatchObject({ code: 2, stdout: "" });
});

test("--version says which Nadi this is, as text and as JSON", async (t) => {
  const line = createCommandLine(t);
  expect(await line.runJson("--version")).toEqual({ version: "1.2.3" });
  const text = { code: 0, stdout: "nadi 1.2.3\n", stderr: "" };
  expect(await line.run("--version")).toEqual(text);
  expect(await line.run("kitchen", "list", "--version")).toMatchObject({ code: 2 });
});

test("help keeps the columns of its options, and says what --json is of this command", async (t) => {
  const details = "\n  --limit  at most\n  --other  more\n\nexample: none\n";
  const line = createCommandLine(t, [
    { ...command("show"), details },
    { ...command("dump"), json: "JSON lines" },
  ]);
  const { stdout } = await line.run("show", "--help");
  expect(stdout).toContain("\n  --limit  at most\n  --other  more\n\nexample: none\n");
  expect(stdout).toContain("\n  --json   exactly one JSON object");
  expect((await line.run("dump", "--help")).stdout).toContain("\n  --json   JSON lines\n");
});

test("no command at all is a wrong command line that shows the commands", async (t) => {
  const line = createCommandLine(t);
  const { code, stdout, stderr } = await line.run();
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("kitchen add");
  const json = await line.run("--json");
  expect(json.code).toBe(2);
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "CLI_USAGE" } });
});

test("an unknown command is told with the nearest one", async (t) => {
  const line = createCommandLine(t);
  const near = await line.run("kitchn", "lst", "--json");
  expect(near).toMatchObject({ code: 2, stdout: "" });
  expect(JSON.parse(near.stderr)).toEqual({
    error: {
      code: "CLI_COMMAND_UNKNOWN",
      message: 'There is no command "kitchn lst": did you mean "nadi kitchen list"?',
    },
  });
  const far = await line.run("frobnicate".repeat(1_000));
  expect(far.code).toBe(2);
  expect(far.stderr).toContain('see "nadi --help"');
});

test.for([
  ["an unknown option", ["kitchen", "list", "--colour"], "There is no option --colour; see"],
  ["a mistyped option", ["user", "add", "a@b.de", "--rol", "head"], "did you mean --role?"],
  ["an option without its value", ["kitchen", "add", "sppg-a-1", "--name"], "--name needs a value"],
  [
    "an option whose value was forgotten",
    ["kitchen", "add", "sppg-a-1", "--name", "--timezone", "Asia/Jakarta"],
    "--name needs a value; one that begins with - is written --name=--timezone",
  ],
  ["a value of a switch", ["kitchen", "list", "--json=yes"], "--json takes no value"],
  ["an option that is no one's own", ["kitchen", "list", "--constructor"], "--constructor; see"],
  ["an argument too few", ["device", "add", "sppg-a-1"], "nadi device add <sppgId> <deviceId>"],
  ["an argument too many", ["kitchen", "list", "extra"], '"extra"'],
] as const)("%s is a wrong command line and named", async ([, argv, named], t) => {
  const line = createCommandLine(t);
  const { code, stdout, stderr } = await line.run(...argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(named);
  expect(stderr.trimEnd()).not.toContain("\n");
  expect(stderr).not.toContain(".;");
  expect(stderr).toMatch(/\[CLI_USAGE\]\n$/);
});

test("an error without a code is told with its stack, but as one object in --json", async (t) => {
  const failing = command("fail", async () => {
    throw new RangeError("a fault\nof ours");
  });
  const line = createCommandLine(t, [failing]);
  const plain = await line.run("fail");
  expect(plain.code).toBe(1);
  expect(plain.stderr).toContain("nadi: a fault of ours [CLI_UNEXPECTED]\nRangeError");
  const json = await line.run("fail", "--json");
  expect(JSON.parse(json.stderr)).toEqual({
    error: { code: "CLI_UNEXPECTED", message: "a fault of ours" },
  });
});

test("a negative number is a value", async (t) => {
  const seen: ParsedArguments[] = [];
  const line = createCommandLine(t, [
    command("show", async (args) => {
      seen.push(args);
      return 0;
    }),
  ]);
  expect(await line.run("show", "--limit", "-6.1966")).toMatchObject({ code: 0 });
  expect(seen[0]?.options["limit"]).toBe("-6.1966");
});
