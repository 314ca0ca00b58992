import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createLauncherProject } from "./support/launcher-project.ts";

test("three first launches at once install the packages one time, and all run", async (t) => {
  const project = createLauncherProject(t);
  const results = await Promise.all(["a", "b", "c"].map((word) => project.launch([word])));
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  const said = results.map(({ stderr }) => stderr).join("");
  expect(said.match(/installing packages/g)).toHaveLength(1);
  expect(existsSync(path.join(project.folder, "node_modules", "thing", "package.json"))).toBe(true);
  expect(readdirSync(project.folder).filter((name) => name.startsWith(".nadi"))).toEqual([]);
});

test("stdout has the command's output alone, also while packages are installed", async (t) => {
  const project = createLauncherProject(t);
  const first = await project.launch(["kitchen", "list", "--json"]);
  expect(JSON.parse(first.stdout)).toEqual({ words: ["kitchen", "list", "--json"] });
  const second = await project.launch(["start", "--role", "broker"]);
  expect(second).toEqual({
    exitCode: 0,
    stdout: '{"words":["serve","--demo","--role","broker"]}\n',
    stderr: "",
  });
});

test("packages that someone installed by hand are taken as they are", async (t) => {
  const project = createLauncherProject(t);
  project.npm(["ci"]);
  expect((await project.launch(["x"])).stderr).toBe("");
});

test("an install that was cut off is done again from the start", async (t) => {
  const project = createLauncherProject(t);
  await project.launch(["x"]);
  const packages = path.join(project.folder, "node_modules");
  // npm writes this file last; the half package stands for what it had not finished.
  rmSync(path.join(packages, ".package-lock.json"));
  writeFileSync(path.join(packages, "thing", "half"), "");
  const again = await project.launch(["x"]);
  expect(again.exitCode).toBe(0);
  expect(again.stderr).toContain("installing packages");
  expect(existsSync(path.join(packages, "thing", "half"))).toBe(false);
});

test("the lock of a launch that was killed does not stop the next one", async (t) => {
  const project = createLauncherProject(t);
  const ended = spawnSync(process.execPath, ["--version"]).pid;
  writeFileSync(path.join(project.folder, ".nadi-setup.lock"), `${ended} ${ended}`);
  const result = await project.launch(["x"]);
  expect(result.exitCode).toBe(0);
  expect(readdirSync(project.folder).filter((name) => name.startsWith(".nadi"))).toEqual([]);
});

test("another project's npm run around it does not redirect the install", async (t) => {
  const project = createLauncherProject(t);
  const other = createLauncherProject(t);
  const result = await project.launch(["x"], { npm_config_local_prefix: other.folder });
  expect(result.exitCode).toBe(0);
  expect(existsSync(path.join(other.folder, "node_modules"))).toBe(false);
});

test("an image without development packages starts and does not install them", async (t) => {
  const project = createLauncherProject(t);
  project.npm(["install", "--save-dev", "--package-lock-only", "file:thing-1.0.0.tgz"]);
  project.npm(["ci", "--omit=dev"]);
  const result = await project.launch(["serve"], { NODE_ENV: "production" });
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
});

test("a package whose hash is not the lockfile's ends the launch with a message", async (t) => {
  const project = createLauncherProject(t);
  const lockfile = path.join(project.folder, "package-lock.json");
  const text = readFileSync(lockfile, "utf8");
  writeFileSync(lockfile, text.replace(/"sha512-.{8}/, '"sha512-AAAAAAAA'));
  const result = await project.launch(["x"]);
  expect(result).toMatchObject({ exitCode: 1, stdout: "" });
  expect(result.stderr).toContain("nadi: npm install failed");
});

test("the command's exit code is the launcher's", async (t) => {
  const project = createLauncherProject(t);
  expect((await project.launch(["fail"])).exitCode).toBe(3);
});

test("SIGTERM reaches the command, and the launcher ends with its exit code", async (t) => {
  const project = createLauncherProject(t);
  const child = project.spawnLauncher(["wait"]);
  const exited = once(child, "exit");
  await once(child.stdout ?? child, "data");
  child.kill("SIGTERM");
  expect(await exited).toEqual([7, null]);
});
