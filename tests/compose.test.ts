import { once } from "node:events";
import { statSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadBrokerConfig, loadJournalConfig } from "../broker/index.ts";
import { judgeServer, parseInfo } from "../broker/journal/redis/durability.ts";
import { loadHttpConfig } from "../dashboard/server/index.ts";
import { loadDevicesConfig, loadTogether } from "../devices/index.ts";
import { loadIngestConfig } from "../ingest/index.ts";
import {
  composeFile,
  composeRoot,
  composeText,
  deploy,
  interpolate,
  runClean,
  runRedisService,
} from "./support/compose.ts";
import { collectConfigKeys } from "./support/config-docs.ts";

const text = composeText;
const services = Object.entries(composeFile.services);
const engines = ["redis", "journal", "influxdb", "postgres"];

test("Compose takes the file, with and without the secrets", async (t) => {
  const { folder } = deploy(t);
  const config = (at: string, ...words: string[]) =>
    runClean(["docker-compose", "--project-directory", at, ...words, "config"]);
  const alone = await config(composeRoot, "--file", path.join(composeRoot, "docker-compose.yml"));
  expect(alone, alone.stderr).toMatchObject({ code: 0 });
  expect(Object.keys(parse(alone.stdout).services)).toContain("nadi");

  const grown = await config(folder, "--file", path.join(folder, "docker-compose.yml"));
  expect(grown, grown.stderr).toMatchObject({ code: 0 });
  const { services: found } = parse(grown.stdout);
  expect(found.nadi.deploy.replicas).toBe(0);
  expect(Object.keys(found)).toEqual(
    expect.arrayContaining([...engines, "broker", "ingest", "dashboard", "store-init"]),
  );
}, 60_000);

test("the secrets are random, long, and their owner's alone", (t) => {
  const { folder, env } = deploy(t);
  const { COMPOSE_PROFILES: profiles, STANDALONE: standalone, ...secrets } = env;
  expect({ profiles, standalone }).toEqual({ profiles: "roles", standalone: "0" });
  expect(Object.values(secrets).filter((secret) => !/^[0-9a-f]{48}$/.test(secret))).toEqual([]);
  expect(new Set(Object.values(secrets)).size).toBe(5);
  expect(statSync(path.join(folder, ".env")).mode & 0o077).toBe(0);
});

test("no secret has a default, and each that is asked for is written", (t) => {
  const { env } = deploy(t);
  const asked = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)(:?[-?][^}]*)?\}/g)];
  const defaults = new Map(asked.map(([, name = "", fallback = ""]) => [name, fallback]));
  expect(Object.fromEntries(defaults)).toEqual({
    STANDALONE: ":-1",
    POSTGRES_PASSWORD: ":-",
    REDIS_PASSWORD: ":-",
    JOURNAL_PASSWORD: ":-",
    INFLUXDB_PASSWORD: ":-",
    INFLUXDB_TOKEN: ":-",
  });
  expect(Object.keys(env)).toEqual(expect.arrayContaining([...defaults.keys()]));
  const literal = services.flatMap(([, { environment }]) =>
    Object.entries(environment).filter(
      ([name, value]) =>
        /PASSWORD|TOKEN|AUTH|SECRET/.test(name) && !/^\$\{[A-Z_]+:-\}$/.test(value),
    ),
  );
  expect(literal).toEqual([]);
});

test("every variable of Nadi exists, and each service's configuration is one", async (t) => {
  const { env } = deploy(t);
  const known = new Set((await collectConfigKeys()).map(({ name }) => name));
  const own = services.filter(([, { build }]) => build !== undefined);
  expect(own.map(([name]) => name)).toEqual(
    expect.arrayContaining(["nadi", "broker", "ingest", "dashboard", "store-init", "simulator"]),
  );
  for (const [name, { environment }] of own) {
    expect(
      Object.keys(environment).filter((key) => !known.has(key)),
      name,
    ).toEqual([]);
    const values = Object.entries(environment).map(([key, value]) => [
      key,
      interpolate(value, env),
    ]);
    const load = () =>
      loadTogether<Record<string, object>>(Object.fromEntries(values), {
        devices: loadDevicesConfig,
        broker: loadBrokerConfig,
        journal: loadJournalConfig,
        ingest: loadIngestConfig,
        http: loadHttpConfig,
      });
    expect(load, name).not.toThrow();
  }
});

test("containers are read-only, without rights, reached on loopback alone, and looked after", () => {
  for (const [name, service] of services) {
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    expect(
      service.ports.filter((port) => !port.startsWith("127.0.0.1:")),
      name,
    ).toEqual([]);
    const isOnce = service.healthcheck?.disable === true;
    // The image of Nadi has a health check of its own.
    expect(service.build !== undefined || service.healthcheck !== undefined, name).toBe(true);
    expect(service.restart, name).toBe(name === "store-init" ? "no" : "unless-stopped");
    expect(isOnce, name).toBe(["store-init", "simulator"].includes(name));
  }
  for (const name of engines) {
    const { image = "", user, networks, ports } = composeFile.services[name] ?? {};
    expect(image, name).toMatch(/^[a-z]+:\d+(?:\.\d+)?(?:-bookworm)?$/);
    expect({ user, networks, ports }, name).toMatchObject({ networks: ["engines"], ports: [] });
    expect(user, name).toMatch(/^[1-9]\d*:/);
  }
  expect(composeFile.networks).toEqual({ engines: { internal: true } });
});

test("both Redis run as they are told, with a password, and not without", async (t) => {
  for (const name of ["redis", "journal"]) {
    const refused = await runRedisService(t, name, "");
    const [code] = await once(refused.child, "exit");
    expect(code, name).not.toBe(0);

    const { child, port, ask } = await runRedisService(t, name, "0123456789abcdef");
    while ((await ask("ping")) !== "PONG" && child.exitCode === null) await delay(20);
    const stranger = await runClean(["redis-cli", "-p", String(port), "get", "x"]);
    expect(stranger.stdout, name).toContain("NOAUTH");
    const answer = (await ask("config", "get", "*")).split("\n");
    const settings = new Map<string, string>();
    for (let at = 0; at + 1 < answer.length; at += 2) {
      settings.set(answer[at] ?? "", answer[at + 1] ?? "");
    }
    // What the journal itself asks of its Redis.
    const { durability, problems } = judgeServer(parseInfo(await ask("info")), settings);
    const isWeak = name === "redis";
    expect({ isWeak: durability.kind === "weak", isTold: problems.length > 0 }, name).toEqual({
      isWeak,
      isTold: isWeak,
    });
  }
});
