import path from "node:path";
import { expect, test } from "vitest";
import { createBenchCommand } from "../../../devices/cli/bench-command.ts";
import { pathSections } from "../../bench/path.ts";
import { serverNames } from "../../bench/servers.ts";
import { createCommandLine } from "./command-line.ts";

const mainFile = path.resolve(import.meta.dirname, "..", "..", "bench", "main.ts");

test("where the bench is not installed that is told in one line, or as one object", async (t) => {
  const line = createCommandLine(t, [createBenchCommand("/app/tests/bench/main.ts")]);
  const { code, stderr } = await line.run("bench");
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      "nadi: The bench is not installed here (/app/tests/bench/main.ts): " +
      "run it in Nadi's source tree. [CLI_PROGRAM_MISSING]\n",
  });
  const json = await line.run("bench", "--json");
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "CLI_PROGRAM_MISSING" } });
});

test("a word that the bench does not know is named, with those that it does", async (t) => {
  const line = createCommandLine(t, [createBenchCommand(mainFile)]);
  const { code, stderr } = await line.run("bench", "--part", "foo", "--json");
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: "CLI_USAGE",
      message: '--part must be one of edge, neighbours, path, and is "foo".',
    },
  });
});

test("it offers the words of tests/bench", async (t) => {
  const line = createCommandLine(t, [createBenchCommand(mainFile)]);
  const { stdout } = await line.run("bench", "--help");
  expect(stdout).toContain(pathSections.join(", "));
  expect(stdout).toContain(serverNames.join(", "));
  expect(stdout).toContain("--apart");
});
