import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import * as z from "zod";
import { type Finding, findLines, isSource, type Rule, splitLayers } from "./source.ts";
import { limits } from "./text-rules.ts";

/** Node runs `.ts` by blanking out its types: syntax that needs more than that does not start. */
export const syntaxRule: Rule = {
  name: "erasable syntax",
  check: ({ files }) =>
    [...files].flatMap(([file, text]) => [
      ...checkStripping(file, text),
      ...checkNamed(file, text),
      ...(file.endsWith(".tsx") && !file.startsWith("dashboard/web/")
        ? [{ file, line: 1, message: "is .tsx, which Node refuses: only dashboard/web has it" }]
        : []),
    ]),
};

function checkStripping(file: string, text: string): Finding[] {
  if (!file.endsWith(".ts")) return [];
  try {
    stripTypeScriptTypes(text);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    const fix = 'use "as const" and a union, or #private';
    const message = `can't be run by Node as it is (${reason}): ${fix}`;
    return [{ file, line: 1, message }];
  }
}

/** What passes the stripping and still must not be there. */
function checkNamed(file: string, text: string): Finding[] {
  if (!/\.tsx?$/.test(file)) return [];
  const { code } = splitLayers(text);
  const named = [
    { pattern: /^\s*@\w+/gm, message: "uses a decorator: call a function instead" },
    {
      pattern: /\bdeclare\s+(?:const\s+)?enum\b/g,
      message: 'declares an enum that nothing defines: use "as const" and a union',
    },
  ];
  return named.flatMap(({ pattern, message }) =>
    findLines(code, pattern).map(({ line, match }) => {
      const blankLines = /^\s*/.exec(match[0] ?? "")?.[0].split("\n").length ?? 1;
      return { file, line: line + blankLines - 1, message };
    }),
  );
}

/** The codes of every `errors.ts`: with a folder's prefix, and each only once. */
export const errorCodeRule: Rule = {
  name: "error codes",
  check: ({ files }) => {
    const owners = new Map<string, string>();
    return [...files]
      .filter(([file]) => path.posix.basename(file) === "errors.ts" && !file.startsWith("tests/"))
      .flatMap(([file, text]) =>
        findLines(splitLayers(text).code, /^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+):/gm).flatMap(
          ({ line, match }) => {
            const code = match[1] ?? "";
            const owner = owners.get(code);
            owners.set(code, file);
            if (owner !== undefined) {
              return [
                { file, line, message: `${code} is also in ${owner}: one table owns a code` },
              ];
            }
            const prefixes = prefixesOf(file);
            if (prefixes.some((prefix) => code.startsWith(prefix))) return [];
            const message = `${code} lacks its folder's prefix: ${prefixes.join(" or ")}`;
            return [{ file, line, message }];
          },
        ),
      );
  },
};

/** `broker/journal/errors.ts` may say BROKER_ or JOURNAL_. */
function prefixesOf(file: string): string[] {
  return path.posix
    .dirname(file)
    .split("/")
    .map((folder) => `${folder.toUpperCase().replaceAll("-", "_")}_`);
}

const lintConfig = z.object({
  rules: z.object({
    "max-params": z.tuple([z.literal("error"), z.number()]),
    "max-lines-per-function": z.tuple([z.literal("error"), z.object({ max: z.number() })]),
  }),
});

/** Function length and parameter count are oxlint's to find; the numbers are ours. */
export const lintNumbersRule: Rule = {
  name: "lint numbers",
  check: ({ files }) => {
    const file = ".oxlintrc.json";
    const parsed = lintConfig.safeParse(JSON.parse(files.get(file) ?? "{}"));
    const params = parsed.data?.rules["max-params"][1];
    const lines = parsed.data?.rules["max-lines-per-function"][1].max;
    if (params === limits.functionParams && lines === limits.functionLines) return [];
    const { functionParams, functionLines } = limits;
    const numbers = `max-params ${functionParams}, max-lines-per-function ${functionLines}`;
    return [{ file, line: 1, message: `differs from the house style: set ${numbers}` }];
  },
};

const dependencies = z.record(z.string(), z.string()).default({});
const manifest = z.object({
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
});

export const exactVersionsRule: Rule = {
  name: "exact versions",
  check: ({ files }) => {
    const file = "package.json";
    const all = manifest.parse(JSON.parse(files.get(file) ?? "{}"));
    return Object.values(all)
      .flatMap((group) => Object.entries(group))
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) => ({
        file,
        line: 1,
        message: `${name} is "${version}": pin the exact version`,
      }));
  },
};

export const lockfileRule: Rule = {
  name: "lockfile",
  check: ({ files }) => {
    const file = "package-lock.json";
    return findLines(files.get(file) ?? "", /"resolved": "(?:https?:|git)[^"]*"/g).map(
      ({ line }) => ({
        file,
        line,
        message: "names a download address: set omit-lockfile-registry-resolved=true and reinstall",
      }),
    );
  },
};

/** Whoever runs `npm test` has run what CI runs. */
export const ciRule: Rule = {
  name: "continuous integration",
  check: ({ files }) => {
    const file = ".ci/run";
    const commands = (files.get(file) ?? "")
      .split("\n")
      .filter((line) => !/^(?:#.*|set .*|cd .*|)$/.test(line));
    if (commands.length === 1 && commands[0] === "npm test") return [];
    return [{ file, line: 1, message: "runs more than `npm test`: put the step in tests/run.ts" }];
  },
};

export function isChecked(file: string): boolean {
  return isSource(file) || /(?:\.(?:json|md|yml|css|lua|sh)|Dockerfile|\.ci\/run)$/.test(file);
}
