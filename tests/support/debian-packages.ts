// What the tests call beside npm's packages. As root, what is missing is installed; the sources of
// the machine stay as they are. Everything said here goes to stderr.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface TestTool {
  /** The Debian package that brings it. */
  package: string;
  program?: string;
  library?: string;
  /** A variable that names another program instead. */
  variable?: string;
}

const testTools: readonly TestTool[] = [
  { program: "mosquitto", package: "mosquitto" },
  { program: "mosquitto_pub", package: "mosquitto-clients" },
  { program: "openssl", package: "openssl" },
  { program: "strace", package: "strace" },
  { program: "mkfs.ext4", package: "e2fsprogs" },
  { program: "mount", package: "mount" },
  { program: "unshare", package: "util-linux" },
  { program: "ip", package: "iproute2" },
  { program: "chromium", package: "chromium" },
  { program: "redis-server", package: "redis-server" },
  { program: "valkey-server", package: "valkey-server", variable: "NADI_TEST_VALKEY" },
  { program: "influxd", package: "influxdb" },
  { program: "victoria-metrics", package: "victoria-metrics" },
  { program: "initdb", package: "postgresql" },
  { program: "docker-compose", package: "docker-compose" },
  { library: "faketime/libfaketimeMT.so.1", package: "libfaketime" },
];

/** What Debian 12 has in its backports only, with what it needs of them. */
const inBackports: Readonly<Record<string, readonly string[]>> = {
  "valkey-server": ["valkey-server", "valkey-tools"],
};

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What is missing, and how somebody gets it. */
export class MissingPackagesError extends Error {}

export function installTestTools(): void {
  const missing = findMissingTools();
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || findProgram("apt-get") === null) {
    throw new MissingPackagesError(describeMissing(missing));
  }
  say(`installing Debian packages: ${missing.join(", ")}`);
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-debian-"));
  try {
    // apt reads what it installs as a user of its own.
    chmodSync(folder, 0o755);
    runApt(["apt-get", "update", "--quiet=2"]);
    const words = missing.flatMap((name) =>
      isInSources(name) ? [name] : downloadFromBackports(name, folder),
    );
    runApt(["apt-get", "install", "--yes", "--no-install-recommends", ...words]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const still = findMissingTools();
  if (still.length > 0) {
    throw new MissingPackagesError(`still missing after apt-get: ${still.join(", ")}`);
  }
}

function describeMissing(missing: readonly string[]): string {
  const lines = [
    `the tests need these Debian packages, which are missing: ${missing.join(", ")}`,
    "install them with: sudo apt-get update && " +
      `sudo apt-get install --yes --no-install-recommends ${missing.join(" ")}`,
  ];
  if (missing.includes("valkey-server")) {
    lines.push(
      "(Debian 12 has valkey-server in its backports, from which `npm test` takes it as root; " +
        "NADI_TEST_VALKEY may name the program of a Valkey, or of a Redis from 7.2 on, instead.)",
    );
  }
  return lines.join("\n");
}

function findMissingTools(): string[] {
  const missing = testTools.filter((tool) => !isThere(tool));
  return [...new Set(missing.map((tool) => tool.package))];
}

function isThere({ program, library, variable }: TestTool): boolean {
  if (variable !== undefined && (process.env[variable] ?? "") !== "") return true;
  if (program !== undefined) return findProgram(program) !== null;
  return library !== undefined && hasLibrary(library);
}

function findProgram(name: string): string | null {
  // Debian keeps server programs in sbin, which an ordinary user's PATH lacks, and those of
  // PostgreSQL in a folder for each version.
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  folders.push("/usr/sbin", "/sbin", ...listPostgresFolders());
  for (const folder of folders) {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return path.join(folder, name);
    } catch {
      // Not in this folder: the next one may have it.
    }
  }
  return null;
}

function listPostgresFolders(): string[] {
  const versions = "/usr/lib/postgresql";
  if (!existsSync(versions)) return [];
  return readdirSync(versions).map((version) => path.join(versions, version, "bin"));
}

function hasLibrary(file: string): boolean {
  if (!existsSync("/usr/lib")) return false;
  return readdirSync("/usr/lib").some((folder) => existsSync(path.join("/usr/lib", folder, file)));
}

function isInSources(name: string): boolean {
  return spawnSync("apt-cache", ["show", name], { stdio: "ignore" }).status === 0;
}

/**
 * Files of a package and of what it needs, from the backports of this machine's own release and
 * mirror. apt's lists for it lie in `folder` only.
 */
export function downloadFromBackports(name: string, folder: string): string[] {
  const release = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const mirror = findMirror(release ?? "");
  const names = inBackports[name];
  if (mirror === null || names === undefined) {
    throw new MissingPackagesError(
      `${name} is in no source of this machine's apt` +
        (names === undefined ? "" : `, nor is a mirror of its release (${release ?? "unknown"})`),
    );
  }
  say(`${name} comes from ${release}-backports`);
  const list = path.join(folder, "backports.list");
  const signedBy = existsSync(keyring) ? `[signed-by=${keyring}] ` : "";
  writeFileSync(list, `deb ${signedBy}${mirror} ${release}-backports main\n`);
  for (const part of ["lists/partial", "archives/partial"]) {
    mkdirSync(path.join(folder, part), { recursive: true });
  }
  const settings = [
    `Dir::Etc::sourcelist=${list}`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${path.join(folder, "lists")}`,
    `Dir::Cache=${folder}`,
    // What is installed, in whatever version, is no candidate.
    "Dir::State::status=/dev/null",
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["-o", setting]);
  runApt(["apt-get", "update", "--quiet=2", ...settings]);
  runApt(["apt-get", "download", "--quiet=2", ...settings, ...names], folder);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".deb"))
    .map((file) => path.join(folder, file));
}

/** Of the release itself, as the machine's sources name it. */
function findMirror(release: string): string | null {
  const uris = spawnSync("apt-get", ["update", "--print-uris"], { encoding: "utf8" }).stdout;
  const suite = `/dists/${release}/InRelease'`;
  const line = uris.split("\n").find((uri) => uri.includes(suite));
  return line === undefined ? null : line.slice(1, line.indexOf(suite));
}

function runApt([program = "", ...args]: readonly string[], cwd?: string): void {
  // A test starts its own servers: RUNLEVEL=1 keeps a package from starting a service.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const stdio = ["ignore", process.stderr, process.stderr] as const;
  const options = { env, stdio: [...stdio], ...(cwd === undefined ? {} : { cwd }) };
  const result = spawnSync(program, ["-o", "DPkg::Lock::Timeout=300", ...args], options);
  if (result.status !== 0) {
    throw new MissingPackagesError(`${program} ${args.join(" ")} failed (its message is above).`);
  }
}

function say(text: string): void {
  process.stderr.write(`nadi: ${text}\n`);
}
