import { expect, test } from "vitest";
import { readProject } from "./tidy/project.ts";
import { rules } from "./tidy/rules.ts";

test("the project keeps the rules of its house style", () => {
  const project = readProject();
  const findings = rules.flatMap((rule) =>
    rule
      .check(project)
      .map(({ file, line, message }) => `${file}:${line} ${message} [${rule.name}]`),
  );
  expect(findings.join("\n")).toBe("");
  // It takes 5 s, and took more than 20 on 2 cores at load 20.
}, 120_000);
