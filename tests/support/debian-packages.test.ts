import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, type TestContext, vi } from "vitest";
import { downloadFromBackports } from "./debian-packages.ts";
import { tempFolder } from "./nadi-process.ts";

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** A Debian archive in a folder, the only one that apt knows of during the test. */
function onlyArchive(t: TestContext, names: readonly string[]): { sources: string } {
  const folder = tempFolder(t);
  const archive = path.join(folder, "archive");
  const release = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const index = `dists/${release}-backports/main/binary-${run("dpkg", "--print-architecture")}`;
  mkdirSync(path.join(archive, index.trim()), { recursive: true });
  const entries = names.map((name) => {
    const content = path.join(folder, name);
    mkdirSync(path.join(content, "DEBIAN"), { recursive: true });
    const control = [`Package: ${name}`, "Version: 8", "Architecture: all"];
    const about = ["Maintainer: Nadi", "Description: of a test"];
    writeFileSync(path.join(content, "DEBIAN", "control"), [...control, ...about, ""].join("\n"));
    const file = path.join(archive, `${name}.deb`);
    run("dpkg-deb", "--build", content, file);
    const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
    const place = [`Filename: ${name}.deb`, `Size: ${statSync(file).size}`, `SHA256: ${hash}`];
    return [...control, ...about, ...place, ""].join("\n");
  });
  writeFileSync(path.join(archive, index.trim(), "Packages"), entries.join("\n"));
  const sources = path.join(folder, "sources.list");
  writeFileSync(sources, `deb file:${archive} ${release} main\n`);
  const config = path.join(folder, "apt.conf");
  writeFileSync(
    config,
    // Nobody has signed it.
    `Dir::Etc::sourcelist "${sources}"; Dir::Etc::sourceparts "/dev/null";
    Acquire::AllowInsecureRepositories "true"; APT::Get::AllowUnauthenticated "true";`,
  );
  vi.stubEnv("APT_CONFIG", config);
  t.onTestFinished(() => void vi.unstubAllEnvs());
  return { sources };
}

test("what a release has in its backports only is taken from its own mirror's", (t) => {
  const { sources } = onlyArchive(t, ["valkey-server", "valkey-tools", "another"]);
  const before = readFileSync(sources, "utf8");
  const folder = tempFolder(t);
  const files = downloadFromBackports("valkey-server", folder);
  expect(files.map((file) => run("dpkg-deb", "--field", file, "Package").trim())).toEqual([
    "valkey-server",
    "valkey-tools",
  ]);
  // What apt was told of for it is in that folder alone.
  expect(readdirSync(path.join(folder, "lists")).join(" ")).toContain("backports");
  expect(readFileSync(sources, "utf8")).toBe(before);
  expect(run("apt-get", "update", "--print-uris")).not.toContain("backports");
});

test("a package that no backports have is named", (t) => {
  onlyArchive(t, []);
  const folder = tempFolder(t);
  expect(() => downloadFromBackports("another", folder)).toThrow("another is in no source");
  expect(() => downloadFromBackports("valkey-server", folder)).toThrow(/download.* failed/);
});
