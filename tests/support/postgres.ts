import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { fixedPort, type Scope } from "./nadi-process.ts";
import { besideTest, type ServerPlace, wordsAt } from "./server-place.ts";

/** A real PostgreSQL cluster of the test's own. It ends with the scope. */
export interface PostgresServer {
  /** Of a database, by default the cluster's own. */
  url(database?: string): string;
  /** Of the postmaster and its children, as they are now. */
  pids(): number[];
  /** An empty database; answers its URL. */
  createDatabase(): Promise<string>;
  /** `kill -9` of the postmaster and of its children; resolves when the first has ended. */
  kill(): Promise<void>;
  /** On the same data again; resolves when it takes connections. */
  start(): Promise<void>;
  /** `SIGSTOP` and `SIGCONT` of all its processes. */
  freeze(): void;
  thaw(): void;
}

/** A child of another process can't be waited for. */
const childEndMs = 5;

const binaryPlaces = ["/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt"];

function findBinaries(): string {
  for (const place of binaryPlaces.filter((one) => existsSync(one))) {
    const versions = readdirSync(place).toSorted().toReversed();
    for (const version of versions) {
      const folder = path.join(place, version, "bin");
      if (existsSync(path.join(folder, "initdb"))) return folder;
    }
  }
  throw new Error("PostgreSQL is not installed: apt-get install postgresql");
}

interface Person {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root: then it runs as Debian's postgres, or as nobody. */
function unprivileged(): Person | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error("PostgreSQL can't run as root, and there is no user postgres or nobody");
}

/** fsync stays on, as PostgreSQL has it; texts are ordered by a language, as most databases do. */
export async function startPostgres(
  scope: Scope,
  { place = besideTest }: { place?: ServerPlace } = {},
): Promise<PostgresServer> {
  const binaries = findBinaries();
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-postgres-"));
  const person = unprivileged();
  if (person !== null) chownSync(folder, person.uid, person.gid);
  const data = path.join(folder, "data");
  const as = { ...person, cwd: folder, env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" } };
  const language = ["--locale-provider=icu", "--icu-locale=en", "--encoding=UTF8"];
  const args = ["-D", data, "-U", "nadi", "--auth=trust", ...language];
  execFileSync(path.join(binaries, "initdb"), args, { ...as, stdio: "pipe" });
  // Reached from one of the test's own networks, which nobody else is in.
  const hosts = path.join(data, "pg_hba.conf");
  if (place !== besideTest) appendFileSync(hosts, "host all all samenet trust\n");
  const port = await fixedPort();
  let child: ChildProcess | null = null;

  const processes = (): number[] => (child?.pid === undefined ? [] : withChildren(child.pid));
  const signalAll = (name: NodeJS.Signals): void => {
    for (const pid of processes()) sendSignal(pid, name);
  };
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    // It makes no new process while it stands still.
    child.kill("SIGSTOP");
    const pids = processes();
    for (const pid of pids) sendSignal(pid, "SIGKILL");
    await ended;
    // Its children are nobody's now, and one that is left keeps the next start from its memory.
    while (!pids.every(isGone)) await delay(childEndMs);
  };
  const start = async (): Promise<void> => {
    const words = ["-D", data, "-p", String(port), "-h", place.host, "-k", folder];
    const [program, args] = wordsAt(placeOf(place, person), path.join(binaries, "postgres"), words);
    child = spawn(program, args, {
      ...(place === besideTest ? as : { ...as, uid: undefined, gid: undefined }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    await listening(child);
  };
  scope.onTestFinished(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  const url = (database = "postgres"): string =>
    `postgres://nadi@${place.host}:${port}/${database}`;
  let databases = 0;
  return {
    url,
    pids: processes,
    async createDatabase() {
      databases += 1;
      const name = `test_${process.pid}_${databases}`;
      await query(url(), `create database ${name}`);
      return url(name);
    },
    kill,
    start,
    freeze: () => signalAll("SIGSTOP"),
    thaw: () => signalAll("SIGCONT"),
  };
}

/** Whoever enters another network needs root: PostgreSQL gives it up on the way. */
function placeOf(place: ServerPlace, person: Person | null): ServerPlace {
  if (place === besideTest || person === null) return place;
  const as = ["-S", String(person.uid), "-G", String(person.gid)];
  return { ...place, enter: [...place.enter, ...as] };
}

/** One statement on a connection of its own. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // Rows of a statement that the test wrote.
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function listening(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  if (child.stderr === null) throw new Error("PostgreSQL was started without stderr");
  createInterface(child.stderr).on("line", (line) => {
    said.push(line);
    if (said.length > 50) said.shift();
    if (line.includes("database system is ready to accept connections")) ready.resolve();
  });
  child.once("exit", () => ready.reject(new Error(`PostgreSQL has ended: ${said.join("\n")}`)));
  await ready.promise;
}

/** Whoever should take note of a dead process may be late: it is a zombie, and holds nothing. */
function isGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch (error) {
    // ESRCH: it went while we read.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return true;
    throw error;
  }
}

function withChildren(pid: number): number[] {
  const children = `/proc/${pid}/task/${pid}/children`;
  const pids = existsSync(children) ? readFileSync(children, "utf8").trim().split(" ") : [];
  return [pid, ...pids.filter((text) => text !== "").map(Number)];
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended in the meantime.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
