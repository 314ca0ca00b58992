import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isChecked } from "./code-rules.ts";
import type { Project } from "./source.ts";

const root = path.resolve(import.meta.dirname, "..", "..");

/** The files of the work tree that git does not ignore; of those that are no text, the name. */
export function readProject(): Project {
  const ignores = readIgnored();
  const entries = readdirSync(root, { recursive: false, withFileTypes: true });
  const files = entries
    .filter((entry) => !ignores(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? listBelow(entry.name, ignores) : [entry.name]));
  return {
    files: new Map(
      files.map((file) => [
        file,
        isChecked(file) || !file.includes("/") ? readFileSync(path.join(root, file), "utf8") : "",
      ]),
    ),
  };
}

function listBelow(folder: string, ignores: (name: string) => boolean): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => !ignores(entry.name))
    .flatMap((entry) => {
      const file = `${folder}/${entry.name}`;
      return entry.isDirectory() ? listBelow(file, ignores) : [file];
    });
}

/** Reads the three forms of line that our `.gitignore` has: `name/`, `name` and `*` in a name. */
function readIgnored(): (name: string) => boolean {
  const lines = readFileSync(path.join(root, ".gitignore"), "utf8").split("\n");
  const patterns = [".git", ...lines.filter((line) => line !== "" && !line.startsWith("#"))].map(
    (line) => {
      const name = line.replace(/\/$/, "");
      if (/[/!?[\]]/.test(name)) throw new Error(`.gitignore: "${line}" is not of a known form`);
      return new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
    },
  );
  return (name) => patterns.some((pattern) => pattern.test(name));
}
