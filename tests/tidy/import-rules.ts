import path from "node:path";
import {
  type Finding,
  findLines,
  isSource,
  type Project,
  type Rule,
  splitLayers,
} from "./source.ts";

interface Import {
  file: string;
  line: number;
  specifier: string;
  /** What stands between `import` and `from`; empty for a dynamic import. */
  clause: string;
  /** The file it leads to, if it is one of ours. */
  target: string | null;
}

/** What each part may import besides itself and packages. The parts of dashboard stand apart. */
const allowedImports: Record<string, readonly string[]> = {
  devices: [],
  broker: ["devices"],
  ingest: ["devices", "broker"],
  "dashboard/contract": ["devices"],
  "dashboard/server": ["devices", "broker", "ingest", "dashboard/contract"],
  "dashboard/web": ["devices", "dashboard/contract"],
  simulators: ["devices"],
};

/** The clause before `from` may span lines, but holds no semicolon and no string. */
const importPattern = new RegExp(
  [
    String.raw`\b(?:import|export)\b([^;"'()]*?)\bfrom\s*"([^"]+)"`,
    String.raw`\bimport\s*"([^"]+)"`,
    String.raw`\bimport\(\s*"([^"]+)"`,
    String.raw`\bnew URL\("(\.[^"]+)", import\.meta\.url\)`,
  ].join("|"),
  "g",
);

export function listImports({ files }: Project): Import[] {
  return [...files].flatMap(([file, text]) => {
    if (!isSource(file)) return [];
    const { code, codeAndStrings } = splitLayers(text);
    return (
      findLines(codeAndStrings, importPattern)
        // A keyword inside a string is a sample, not an import.
        .filter(({ index }) => code[index] !== " ")
        .map(({ line, match }) => {
          const specifier = match[2] ?? match[3] ?? match[4] ?? match[5] ?? "";
          const isOurs = specifier.startsWith(".");
          const target = isOurs ? path.posix.join(path.posix.dirname(file), specifier) : null;
          return { file, line, specifier, clause: (match[1] ?? "").trim(), target };
        })
    );
  });
}

function partOf(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return first === "dashboard" ? `dashboard/${second}` : first;
}

export const directionRule: Rule = {
  name: "import direction",
  check: (project) => listImports(project).flatMap(checkDirection),
};

function checkDirection({ file, line, target }: Import): Finding[] {
  if (target === null) return [];
  const from = partOf(file);
  const to = partOf(target);
  if (from === to || from === "tests" || (file === "nadi.ts" && to !== "tests")) return [];
  if (allowedImports[from]?.includes(to)) return [];
  const isService = allowedImports[to] !== undefined && allowedImports[from] !== undefined;
  const fix = isService
    ? `declare a port in ${from} and pass it in nadi.ts`
    : "only tests may import this";
  return [{ file, line, message: `${from} imports ${to}: ${fix}` }];
}

/** The doors of each part; a worker or migration is named by URL and needs none. */
const doors: Record<string, readonly string[]> = {
  devices: ["devices/index.ts", "devices/browser.ts"],
  broker: ["broker/index.ts"],
  ingest: ["ingest/index.ts"],
  simulators: ["simulators/index.ts"],
  "dashboard/contract": ["dashboard/contract/index.ts"],
  "dashboard/server": ["dashboard/server/index.ts"],
};

export const doorRule: Rule = {
  name: "imports past doors",
  check: (project) => listImports(project).flatMap(checkDoor),
};

function checkDoor({ file, line, target }: Import): Finding[] {
  if (target === null) return [];
  const from = partOf(file);
  const to = partOf(target);
  const open = doors[to];
  if (from === to || from === "tests" || open === undefined || open.includes(target)) return [];
  const message = `imports ${target} past its door: export the name in ${open.join(" or ")}`;
  return [{ file, line, message }];
}

export const extensionRule: Rule = {
  name: "extensions",
  check: (project) =>
    listImports(project)
      .filter(({ target }) => target !== null && !/\.(?:tsx?|mjs|json|css)$/.test(target))
      .map(({ file, line, specifier }) => ({
        file,
        line,
        message: `"${specifier}" has no extension: Node needs it, write ${specifier}.ts`,
      })),
};

/** What a page bundles: all that is reached from the browser's door, the contract and the web. */
export const browserRule: Rule = {
  name: "browser",
  check: (project) => {
    const imports = listImports(project).filter(({ clause }) => !clause.startsWith("type "));
    const reached = new Set(
      [...project.files.keys()].filter(
        (file) => isSource(file) && /^(?:devices\/browser\.ts$|dashboard\/web\/)/.test(file),
      ),
    );
    // A set's iteration also visits what is added meanwhile.
    for (const file of reached) {
      for (const { file: from, target } of imports) {
        if (from === file && target !== null) reached.add(target);
      }
    }
    return imports
      .filter(({ file, specifier }) => reached.has(file) && /^(?:node:|zod$)/.test(specifier))
      .map(({ file, line, specifier }) => ({
        file,
        line,
        message: specifier.startsWith("node:")
          ? `imports ${specifier}, but a browser loads this: move what needs Node into a file apart`
          : 'imports all of zod, but a browser loads this: import * as z from "zod/mini"',
      }));
  },
};

export const zodRule: Rule = {
  name: "zod",
  check: (project) =>
    listImports(project)
      .filter(({ specifier }) => /^zod(?:\/|$)/.test(specifier))
      .filter(
        ({ specifier, clause }) =>
          !/^zod(?:\/mini)?$/.test(specifier) || !/^(?:type )?\* as z$/.test(clause),
      )
      .map(({ file, line }) => ({
        file,
        line,
        message: 'imports zod by name, which bundles all of it: import * as z from "zod"',
      })),
};

export const barrelRule: Rule = {
  name: "doors",
  check: (project) => {
    const vague = [...project.files.keys()]
      .filter((file) => /(?:^|\/)(?:utils?|common|helpers?|misc)\.tsx?$/.test(file))
      .map((file) => ({ file, line: 1, message: "has a vague name: name it after its one noun" }));
    const barrels = [...project.files.keys()]
      .filter((file) => file.endsWith("/index.ts") && partOf(file) !== path.posix.dirname(file))
      .map((file) => ({
        file,
        line: 1,
        message: "is a second door: one index.ts a folder or part",
      }));
    const stars = [...project.files]
      .filter(([file]) => isSource(file))
      .flatMap(([file, text]) =>
        findLines(splitLayers(text).code, /\bexport\s*\*/g).map(({ line }) => ({
          file,
          line,
          message: "exports everything: name what the door lets through",
        })),
      );
    return [...vague, ...barrels, ...stars];
  },
};
