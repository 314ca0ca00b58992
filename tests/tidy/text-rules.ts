import { type Finding, findLines, isSource, type Rule, splitLayers } from "./source.ts";

/** These numbers are section 2 of the house style; the README of a folder is its front page. */
export const limits = {
  sourceLines: 400,
  testLines: 500,
  readmeLines: 40,
  columns: 100,
  functionLines: 70,
  functionParams: 3,
} as const;

const topLevel = new Set(
  [
    "broker dashboard devices ingest simulators tests .ci",
    "nadi.ts nadi.mjs package.json package-lock.json tsconfig.json",
    "README.md CHANGELOG.md SECURITY.md LICENSE",
    "Dockerfile docker-compose.yml .dockerignore .env.example",
    ".gitignore .npmrc .oxlintrc.json biome.json vitest.config.ts",
  ].flatMap((line) => line.split(" ")),
);

export const topLevelRule: Rule = {
  name: "top level",
  check: ({ files }) => {
    const entries = new Set([...files.keys()].map((file) => file.split("/")[0] ?? file));
    return [...entries]
      .filter((entry) => !topLevel.has(entry))
      .map((entry) => ({
        file: entry,
        line: 1,
        message: "is not on the fixed list of top-level entries: move it into a folder",
      }));
  },
};

export const sizeRule: Rule = {
  name: "sizes",
  check: ({ files }) => [...files].flatMap(([file, text]) => checkSize(file, text)),
};

function checkSize(file: string, text: string): Finding[] {
  const lines = text.replace(/\n$/, "").split("\n");
  const findings: Finding[] = [];
  const most = linesMax(file);
  if (lines.length > most) {
    const message = `has ${lines.length} lines, at most ${most}: split it by noun`;
    findings.push({ file, line: most, message });
  }
  if (!isSource(file)) return findings;
  const wide = lines.flatMap((line, at) =>
    line.length > limits.columns && !isUnbreakable(line) ? [at + 1] : [],
  );
  const message = `is wider than ${limits.columns} columns: break the line`;
  return [...findings, ...wide.map((line) => ({ file, line, message }))];
}

/** The formatter leaves an import of one name, and a test's title, on one line however long. */
function isUnbreakable(line: string): boolean {
  return (
    /^(?:import|export) (?:type )?(?:\{ [\w ]+ \}|\* as \w+) from "/.test(line) ||
    /^ *(?:test|describe)(?:\.\w+)?\("[^"]+", .*\{$/.test(line)
  );
}

function linesMax(file: string): number {
  if (/\.test\.tsx?$/.test(file)) return limits.testLines;
  if (isSource(file) || /\.(?:css|lua)$/.test(file)) return limits.sourceLines;
  return file.endsWith("/README.md") ? limits.readmeLines : Number.POSITIVE_INFINITY;
}

interface Ban {
  name: string;
  pattern: RegExp;
  /** Which layer of a source is searched; files that are no sources are searched whole. */
  layer: "code" | "codeAndStrings" | "comments" | "all";
  applies: (file: string) => boolean;
  message: string;
  /** A comment on the line above gives the reason, and that is enough. */
  isExcusable?: true;
}

const coverageTools = ["c8", "v8", "istanbul"].join("|");

const bans: Ban[] = [
  {
    name: "machine paths",
    pattern: /(?<![\w.:/-])\/(?:work|root|tmp|home)\//g,
    layer: "codeAndStrings",
    applies: () => true,
    message: "names a folder of one machine: take it from os.tmpdir(), the config or import.meta",
  },
  {
    name: "registry hosts",
    pattern: /registry\.npmjs|registry\.yarnpkg|npmjs\.org|deb\.debian\.org/g,
    layer: "all",
    applies: () => true,
    message: "names a registry host: the clients know theirs",
  },
  {
    name: "postponed work",
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g,
    layer: "comments",
    applies: () => true,
    message: "postpones work: do it, or file an issue and drop the comment",
  },
  {
    name: "coverage pragmas",
    pattern: new RegExp(`(?:${coverageTools}) ignore|node:coverage`, "g"),
    layer: "comments",
    applies: isSource,
    message: "hides code from coverage, and with it bugs: drop the pragma",
  },
  {
    name: "environment",
    pattern: /\bprocess\.env\b/g,
    layer: "code",
    applies: (file) => isSource(file) && !mayReadEnvironment(file),
    message: "reads process.env: load it in nadi.ts and hand the config in",
  },
  {
    name: "skipped tests",
    pattern: /\b(?:test|it|describe)\.(?:skip|only|todo)\b/g,
    layer: "code",
    applies: (file) => file.startsWith("tests/"),
    message: "skips or singles out tests: run them all, or skip by a named condition (skipIf)",
  },
  {
    name: "silent catch",
    pattern: /\.catch\(\(\w*\) => (?:\{\s*\}|undefined)\)/g,
    layer: "code",
    applies: isSource,
    message: "swallows an error: handle it, or say above it who hears of the error",
    isExcusable: true,
  },
  {
    name: "determinism",
    pattern: new RegExp(
      String.raw`\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|` +
        String.raw`\bprocess\.hrtime\b|\bset(?:Timeout|Interval|Immediate)\(|` +
        String.raw`\brandom(?:Bytes|UUID|Int)\b|` +
        String.raw`"node:(?:fs|fs\/promises|timers|timers\/promises|perf_hooks)"`,
      "g",
    ),
    layer: "codeAndStrings",
    applies: isSimulated,
    message: "is not deterministic: take it from the injected clock or file system",
  },
];

/** The entry files, and what starts them as processes for tests. */
function mayReadEnvironment(file: string): boolean {
  return /^(?:nadi\.(?:ts|mjs)|tests\/run\.ts|tests\/(?:support|bench)\/.*)$/.test(file);
}

/** What `tests/simulation` runs, but for the files that touch the real clock, disk and chance. */
function isSimulated(file: string): boolean {
  const isAdapter =
    /^broker\/journal\/(?:clock|file-system|seeds|timers|redis\/(?:identity|scripts))\.ts$/.test(
      file,
    ) || /^ingest\/(?:worker\/(?:main|pace|surroundings)|desk\/desk-service)\.ts$/.test(file);
  return (
    !isAdapter &&
    /^(?:broker\/journal|ingest\/(?:decode|desk|live|monitor|rules|worker))\//.test(file)
  );
}

export const banRules: Rule[] = bans.map((ban) => ({
  name: ban.name,
  check: ({ files }) =>
    [...files]
      .filter(([file]) => ban.applies(file) && !isTidy(file))
      .flatMap(([file, text]) => checkBan(ban, file, text)),
}));

function checkBan(ban: Ban, file: string, text: string): Finding[] {
  const searched = isSource(file) && ban.layer !== "all" ? splitLayers(text)[ban.layer] : text;
  const comments = ban.isExcusable ? splitLayers(text).comments.split("\n") : [];
  return findLines(searched, ban.pattern)
    .filter(({ line }) => (comments[line - 2] ?? "").trim() === "")
    .map(({ line, match }) => ({ file, line, message: `"${match[0]}" ${ban.message}` }));
}

/** These files hold the patterns and the samples that break them. */
function isTidy(file: string): boolean {
  return file.startsWith("tests/tidy");
}
