import path from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "./nadi-process.ts";

const program = path.resolve(import.meta.dirname, "..", "system", "mutate.ts");

test("a long program says what it is, and names a word that it does not take", async () => {
  const help = await runProgram([process.execPath, program, "--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("The long form of tests/broker/mutations.test.ts");
  expect(help.stdout).toContain("--packets <value>  (default 100000)");

  const wrong = await runProgram([process.execPath, program, "--nope"]);
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain("'--nope'");
  expect(wrong.stderr).not.toMatch(/^ +at /m);
});
