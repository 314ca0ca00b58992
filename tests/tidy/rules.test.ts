import { expect, test } from "vitest";
import { rules } from "./rules.ts";
import { splitLayers } from "./source.ts";

/** What one rule says about a project of the given files. */
function findingsOf(ruleName: string, files: Record<string, string>): string[] {
  const rule = rules.find(({ name }) => name === ruleName);
  if (rule === undefined) throw new Error(`there is no rule "${ruleName}"`);
  return rule
    .check({ files: new Map(Object.entries(files)) })
    .map(({ file, line, message }) => `${file}:${line} ${message}`);
}

test("a top-level entry that is not on the list is reported", () => {
  expect(findingsOf("top level", { "nadi.ts": "", "scripts/x.ts": "", "broker/x.ts": "" })).toEqual(
    ["scripts:1 is not on the fixed list of top-level entries: move it into a folder"],
  );
});

test("files, tests, folder READMEs and lines have their sizes", () => {
  const lines = (count: number) => "x;\n".repeat(count);
  const fine = {
    "README.md": lines(900),
    "broker/a.ts": lines(400),
    "tests/a.test.ts": lines(500),
  };
  expect(findingsOf("sizes", fine)).toEqual([]);
  const findings = findingsOf("sizes", {
    "broker/a.ts": lines(401),
    "tests/a.test.ts": lines(501),
    "broker/README.md": lines(41),
    "broker/b.ts": `${"y".repeat(101)}\nimport { a } from "${"z".repeat(101)}";\n`,
  });
  expect(findings.map((finding) => finding.split(" ")[0])).toEqual([
    "broker/a.ts:400",
    "tests/a.test.ts:500",
    "broker/README.md:40",
    "broker/b.ts:1",
  ]);
});

test("an import past a folder's door is reported with the door, but not in tests", () => {
  const source = (target: string) => `import { a } from "${target}";\n`;
  expect(
    findingsOf("imports past doors", {
      "broker/a.ts": source("../devices/ids.ts") + source("../devices/index.ts"),
      "broker/edge/a.ts": source("../journal/b.ts"),
      "dashboard/web/a.ts": source("../../devices/browser.ts"),
      "nadi.ts": source("./broker/broker.ts"),
      "tests/a.ts": source("../broker/broker.ts"),
    }),
  ).toEqual([
    "broker/a.ts:1 imports devices/ids.ts past its door: " +
      "export the name in devices/index.ts or devices/browser.ts",
    "nadi.ts:1 imports broker/broker.ts past its door: export the name in broker/index.ts",
  ]);
});

test("an import against the direction is reported with its fix, also one of types alone", () => {
  const source = (target: string) => `import type {\n  A,\n} from "${target}";\n`;
  expect(
    findingsOf("import direction", {
      "broker/a.ts": source("../ingest/b.ts"),
      "devices/a.ts": source("../broker/b.ts"),
      "simulators/a.ts": source("../broker/b.ts"),
      "dashboard/web/a.ts": source("../server/b.ts"),
      "ingest/a.ts": 'const a = await import("../nadi.ts");\n',
      "nadi.ts": 'new Worker(new URL("./tests/a.ts", import.meta.url));\n',
    }),
  ).toEqual([
    "broker/a.ts:1 broker imports ingest: declare a port in broker and pass it in nadi.ts",
    "devices/a.ts:1 devices imports broker: declare a port in devices and pass it in nadi.ts",
    "simulators/a.ts:1 simulators imports broker: " +
      "declare a port in simulators and pass it in nadi.ts",
    "dashboard/web/a.ts:1 dashboard/web imports dashboard/server: " +
      "declare a port in dashboard/web and pass it in nadi.ts",
    "ingest/a.ts:1 ingest imports nadi.ts: only tests may import this",
    "nadi.ts:1 nadi.ts imports tests: only tests may import this",
  ]);
});

test("an import with the direction, and one that is only quoted, pass", () => {
  expect(
    findingsOf("import direction", {
      "broker/a.ts": 'import { a } from "../devices/a.ts";\n// import "../ingest/a.ts"\n',
      "ingest/a.ts": "const text = 'import { a } from \"../nadi.ts\"';\n",
      "dashboard/web/a.ts": 'import { a } from "../contract/a.ts";\n',
      "tests/a.ts": 'import { a } from "../nadi.ts";\n',
      "nadi.ts": 'import { a } from "./dashboard/server/index.ts";\n',
    }),
  ).toEqual([]);
});

test("a relative import without its extension is reported", () => {
  expect(findingsOf("extensions", { "broker/a.ts": 'export { b } from "./b";\n' })).toEqual([
    'broker/a.ts:1 "./b" has no extension: Node needs it, write ./b.ts',
  ]);
});

test("what a browser reaches imports neither Node nor all of zod", () => {
  const findings = findingsOf("browser", {
    "devices/browser.ts": 'export { a } from "./ids.ts";\n',
    "devices/ids.ts": 'import * as z from "zod";\nimport { b } from "./files.ts";\n',
    "devices/files.ts": 'import { readFileSync } from "node:fs";\n',
    "devices/registry.ts": 'import { randomBytes } from "node:crypto";\n',
  });
  expect(findings).toHaveLength(2);
  expect(findings[0]).toContain("devices/ids.ts:1 imports all of zod");
  expect(findings[1]).toContain("devices/files.ts:1 imports node:fs");
});

test("zod is imported as a namespace", () => {
  const findings = findingsOf("zod", {
    "devices/a.ts": 'import { z } from "zod";\n',
    "devices/b.ts": 'import * as z from "zod/mini";\n',
    "devices/c.ts": 'import * as z from "zod/v4";\n',
  });
  expect(findings.map((finding) => finding.split(":")[0])).toEqual([
    "devices/a.ts",
    "devices/c.ts",
  ]);
});

test("a second barrel, a star export and a vague name are reported", () => {
  expect(
    findingsOf("doors", {
      "broker/index.ts": 'export * from "./a.ts";\n',
      "broker/journal/index.ts": "",
      "dashboard/server/index.ts": "",
      "ingest/utils.ts": "",
    }),
  ).toEqual([
    "ingest/utils.ts:1 has a vague name: name it after its one noun",
    "broker/journal/index.ts:1 is a second door: one index.ts a folder or part",
    "broker/index.ts:1 exports everything: name what the door lets through",
  ]);
});

test("syntax that Node refuses, or that only looks harmless, is reported", () => {
  const findings = findingsOf("erasable syntax", {
    "broker/a.ts": "enum State { on }\n",
    "broker/b.ts": "namespace State { export const on = 1; }\n",
    "broker/c.ts": "class A { constructor(private readonly a: number) {} }\n",
    "broker/d.ts": "const a = 1;\n\n@sealed\nclass A {}\n",
    "broker/e.ts": "declare const enum State { on }\n",
    "broker/f.tsx": "export const a = 1;\n",
    "broker/g.ts": "// An enum would be refused.\nexport const states = ['on'] as const;\n",
  });
  const files = new Set(findings.map((finding) => finding.split(" ")[0]));
  expect([...files]).toEqual([
    "broker/a.ts:1",
    "broker/b.ts:1",
    "broker/c.ts:1",
    "broker/d.ts:3",
    "broker/e.ts:1",
    "broker/f.tsx:1",
  ]);
});

test("an error code has its folder's prefix and one owner", () => {
  expect(
    findingsOf("error codes", {
      "broker/errors.ts": "export const a = {\n  BROKER_FULL: x,\n  INGEST_FULL: x,\n};\n",
      "broker/journal/errors.ts": "export const a = {\n  BROKER_FULL: x,\n  JOURNAL_FULL: x,\n};\n",
    }),
  ).toEqual([
    "broker/errors.ts:3 INGEST_FULL lacks its folder's prefix: BROKER_",
    "broker/journal/errors.ts:2 BROKER_FULL is also in broker/errors.ts: one table owns a code",
  ]);
});

test("the linter's numbers are the house style's", () => {
  const config = (params: number, max: number) =>
    JSON.stringify({
      rules: { "max-params": ["error", params], "max-lines-per-function": ["error", { max }] },
    });
  expect(findingsOf("lint numbers", { ".oxlintrc.json": config(3, 70) })).toEqual([]);
  expect(findingsOf("lint numbers", { ".oxlintrc.json": config(4, 70) })).toHaveLength(1);
  expect(findingsOf("lint numbers", { ".oxlintrc.json": "{}" })).toHaveLength(1);
});

test("a version range, a download address and a second CI command are reported", () => {
  const manifest = JSON.stringify({ dependencies: { a: "^1.2.3", b: "1.2.3" } });
  expect(findingsOf("exact versions", { "package.json": manifest })).toEqual([
    'package.json:1 a is "^1.2.3": pin the exact version',
  ]);
  const lockfile = '{\n  "resolved": "https://packages.example/a.tgz"\n}\n';
  expect(findingsOf("lockfile", { "package-lock.json": lockfile })).toHaveLength(1);
  const script = "#!/usr/bin/env bash\nset -e\nnpm test\n";
  expect(findingsOf("continuous integration", { ".ci/run": script })).toEqual([]);
  const more = `${script}npm run bench\n`;
  expect(findingsOf("continuous integration", { ".ci/run": more })).toHaveLength(1);
});

test("words that must not stand in a source are reported where they count", () => {
  const source = [
    "// TODO: later",
    "/* v8 ignore next */",
    'const folder = "/tmp/x";',
    "const port = process.env.PORT;",
    "await stop().catch(() => {});",
    'const text = "process.env is only named here";',
  ].join("\n");
  const files = { "broker/a.ts": source };
  expect(findingsOf("postponed work", files)).toHaveLength(1);
  expect(findingsOf("coverage pragmas", files)).toHaveLength(1);
  expect(findingsOf("machine paths", files)).toHaveLength(1);
  expect(findingsOf("environment", files)).toEqual([
    'broker/a.ts:4 "process.env" reads process.env: load it in nadi.ts and hand the config in',
  ]);
  expect(findingsOf("silent catch", files)).toHaveLength(1);
  const excused = "// The caller hears of it.\nawait stop().catch(() => {});\n";
  expect(findingsOf("silent catch", { "broker/a.ts": excused })).toEqual([]);
  expect(findingsOf("registry hosts", { Dockerfile: "# registry.npmjs.org\n" })).toHaveLength(1);
  expect(findingsOf("skipped tests", { "tests/a.test.ts": 'test.skip("a", b);\n' })).toHaveLength(
    1,
  );
});

test("what is simulated reads clock, disk and chance only through its adapters", () => {
  const source =
    'import * as fs from "node:fs";\nconst now = Date.now();\nsetTimeout(f, 1);\nrandomBytes(8);\n';
  const findings = findingsOf("determinism", {
    "broker/journal/a.ts": source,
    "broker/journal/clock.ts": source,
    "broker/journal/file-system.ts": source,
    "broker/journal/seeds.ts": source,
    "broker/edge/a.ts": source,
    "ingest/worker/pace.ts": source,
    "ingest/worker/recorder.ts": "Math.random();",
    "ingest/store/a.ts": source,
  });
  expect(findings.map((finding) => finding.split(" ")[0])).toEqual([
    "broker/journal/a.ts:1",
    "broker/journal/a.ts:2",
    "broker/journal/a.ts:3",
    "broker/journal/a.ts:4",
    "ingest/worker/recorder.ts:1",
  ]);
});

test("code, strings and comments are told apart, also in templates and patterns", () => {
  const text = "a /* b */ + `c ${d /* e */ + `f`} g` + /[/\"]h/.test(i) // j\n'k\\'l' / m;";
  const { code, comments } = splitLayers(text);
  expect(code.replaceAll(/[^a-m]/g, "")).toBe("adeim");
  expect(comments.replaceAll(/[^a-m]/g, "")).toBe("bej");
});
