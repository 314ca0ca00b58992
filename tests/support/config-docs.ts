import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";

const root = path.resolve(import.meta.dirname, "..", "..");

/** A variable of the environment as its `config.ts` declares it. */
export interface ConfigKey {
  name: string;
  description: string;
  /** As one would write it in the environment; `null` if unset by default. */
  defaultText: string | null;
  file: string;
}

const tableStart = "<!-- configuration: written by tests/support/print-config.ts -->";
const tableEnd = "<!-- configuration ends -->";

/**
 * The keys of every `config.ts`: from exports named `…ConfigShape` (an object of zod schemas) or
 * `…ConfigSchema` (a zod object). A key that two services read must have one default.
 */
export async function collectConfigKeys(): Promise<ConfigKey[]> {
  const files = globSync("{broker,devices,ingest,dashboard,simulators}/{,*/}config.ts", {
    cwd: root,
  });
  const keys = new Map<string, ConfigKey>();
  for (const file of files.toSorted((a, b) => a.localeCompare(b))) {
    const module: Record<string, unknown> = await import(pathToFileURL(path.join(root, file)).href);
    for (const [exportName, value] of Object.entries(module)) {
      for (const [name, schema] of Object.entries(readShape(exportName, value))) {
        addKey(keys, describeKey({ name, schema, file }));
      }
    }
  }
  return [...keys.values()];
}

function readShape(exportName: string, value: unknown): Record<string, z.ZodType> {
  if (exportName.endsWith("ConfigSchema") && value instanceof z.ZodObject) return value.shape;
  if (!exportName.endsWith("ConfigShape")) return {};
  // The convention of every `config.ts`; a value that is no schema fails in `describeKey`.
  return value as Record<string, z.ZodType>;
}

function describeKey(key: { name: string; schema: z.ZodType; file: string }): ConfigKey {
  const { name, schema, file } = key;
  const description = schema.description?.replace(/\.$/, "");
  if (!description) throw new Error(`${file}: ${name} has no description: add .describe(…)`);
  const unset = z.object({ [name]: schema }).safeParse({});
  const text = unset.success ? writeValue(unset.data[name]) : "";
  return { name, description, defaultText: text === "" ? null : text, file };
}

function writeValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(writeValue).join(",");
  return typeof value === "object" || value === undefined ? "" : `${value as string | number}`;
}

function addKey(keys: Map<string, ConfigKey>, key: ConfigKey): void {
  const known = keys.get(key.name);
  if (known === undefined) keys.set(key.name, key);
  else if (known.defaultText !== key.defaultText) {
    throw new Error(`${key.name} has one default in ${known.file} and another in ${key.file}`);
  }
}

/** The text of `.env.example`. */
export function renderEnvExample(keys: readonly ConfigKey[]): string {
  const intro = [
    "# Every variable that Nadi reads, with its default. Copy to nadi.env, change it, then:",
    "#   set -a; . ./nadi.env; set +a; npm start",
    "# Written by: node tests/support/print-config.ts --write",
  ];
  const entries = keys.map((key) => `# ${key.description}.\n#${key.name}=${key.defaultText ?? ""}`);
  return `${[intro.join("\n"), ...entries].join("\n\n")}\n`;
}

/** The table of the README's configuration section, between its two markers. */
export function renderReadmeTable(keys: readonly ConfigKey[]): string {
  const rows = keys.map(({ name, defaultText, description }) => {
    const shown = defaultText === null ? "–" : `\`${defaultText}\``;
    return `| \`${name}\` | ${shown} | ${description.replaceAll("|", "\\|")} |`;
  });
  const head = ["| variable | default | meaning |", "|---|---|---|"];
  return [tableStart, ...head, ...rows, tableEnd].join("\n");
}

export function readEnvExample(): string {
  return readFileSync(path.join(root, ".env.example"), "utf8");
}

/** The README's present table, markers included; empty if it has none. */
export function readReadmeTable(): string {
  const { before, table } = splitReadme();
  return before === null ? "" : table;
}

export function writeConfigDocs(keys: readonly ConfigKey[]): void {
  writeFileSync(path.join(root, ".env.example"), renderEnvExample(keys));
  const { before, after } = splitReadme();
  if (before === null) throw new Error(`README.md lacks the lines "${tableStart}", "${tableEnd}"`);
  writeFileSync(path.join(root, "README.md"), `${before}${renderReadmeTable(keys)}${after}`);
}

function splitReadme(): { before: string | null; table: string; after: string } {
  const text = readFileSync(path.join(root, "README.md"), "utf8");
  const start = text.indexOf(tableStart);
  const end = text.indexOf(tableEnd);
  if (start < 0 || end < start) return { before: null, table: "", after: "" };
  const tableStop = end + tableEnd.length;
  return {
    before: text.slice(0, start),
    table: text.slice(start, tableStop),
    after: text.slice(tableStop),
  };
}
