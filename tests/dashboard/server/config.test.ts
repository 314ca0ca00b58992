import { expect, test } from "vitest";
import { isLoopback, loadHttpConfig } from "../../../dashboard/server/config.ts";
import { ConfigError } from "../../../devices/index.ts";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadHttpConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("an empty environment listens on loopback, port 8080, and the result is frozen", () => {
  const config = loadHttpConfig({ NADI_PUBLIC_URL: "", UNRELATED: "x" });
  expect(config).toEqual({
    host: "127.0.0.1",
    port: 8080,
    tls: null,
    isInsecure: false,
    publicUrl: null,
    trustedProxies: [],
    metricsToken: null,
    map: { kind: "bundled", attribution: "Natural Earth" },
    logLevel: "info",
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test("every bad key is reported at once, by name", () => {
  const problems = problemsOf({
    NADI_HTTP_PORT: "70000",
    NADI_LOG_LEVEL: "loud",
    NADI_PUBLIC_URL: "https://nadi.example/path",
    NADI_TRUSTED_PROXIES: "10.0.0.0/8, nonsense",
    NADI_METRICS_TOKEN: "short",
    NADI_INSECURE_HTTP: "maybe",
  });
  const keys = problems.map((problem) => problem.split(" ")[0] ?? "");
  expect(new Set(keys)).toEqual(
    new Set([
      "NADI_HTTP_PORT",
      "NADI_INSECURE_HTTP",
      "NADI_LOG_LEVEL",
      "NADI_METRICS_TOKEN",
      "NADI_PUBLIC_URL",
      "NADI_TRUSTED_PROXIES",
    ]),
  );
});

test("what is wrong with single keys hides nothing that is wrong between them", () => {
  const problems = problemsOf({
    NADI_HTTP_HOST: "0.0.0.0",
    NADI_TRUSTED_PROXIES: "nonsense",
    NADI_TLS_KEY: "key.pem",
    NADI_METRICS_TOKEN: "",
  });
  expect(problems).toEqual([
    "NADI_TRUSTED_PROXIES must list addresses or ranges like 10.0.0.0/8",
    "NADI_TLS_CERT is missing beside NADI_TLS_KEY: set both or neither",
    expect.stringMatching(/^NADI_HTTP_HOST is 0\.0\.0\.0, beyond loopback/),
    expect.stringMatching(/^NADI_TRUSTED_PROXIES needs NADI_PUBLIC_URL/),
  ]);
});

test("HTTP beyond loopback without a certificate is refused until the operator says yes", () => {
  const open = { NADI_HTTP_HOST: "0.0.0.0" };
  expect(problemsOf(open).join()).toContain("NADI_INSECURE_HTTP=yes");
  expect(loadHttpConfig({ ...open, NADI_INSECURE_HTTP: "yes" }).isInsecure).toBe(true);
  const tls = { ...open, NADI_TLS_CERT: "cert.pem", NADI_TLS_KEY: "key.pem" };
  expect(loadHttpConfig(tls)).toMatchObject({ isInsecure: false, tls: { certFile: "cert.pem" } });
});

test("a certificate without its key is refused", () => {
  expect(problemsOf({ NADI_TLS_CERT: "cert.pem" }).join()).toContain("both or neither");
});

const named = { NADI_PUBLIC_URL: "https://nadi.example" };

test("proxies without an origin for browsers are refused, where cookies would go in clear", () => {
  const proxies = { NADI_TRUSTED_PROXIES: "10.0.0.1" };
  expect(problemsOf(proxies).join()).toContain("NADI_PUBLIC_URL");
  const tls = { NADI_TLS_CERT: "cert.pem", NADI_TLS_KEY: "key.pem" };
  for (const env of [named, tls, { NADI_INSECURE_HTTP: "yes" }]) {
    expect(problemsOf({ ...proxies, ...env })).toEqual([]);
  }
});

test("proxies are addresses or ranges with a comma between", () => {
  const env = { ...named, NADI_TRUSTED_PROXIES: " 10.0.0.0/8, 2001:db8::/32 ,192.0.2.1" };
  expect(loadHttpConfig(env).trustedProxies).toEqual(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]);
  for (const bad of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "2001:db8::/129"]) {
    expect(problemsOf({ ...named, NADI_TRUSTED_PROXIES: bad })).toHaveLength(1);
  }
});

test("only addresses of this machine count as loopback", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"]) {
    expect(isLoopback(address)).toBe(true);
  }
  for (const address of ["0.0.0.0", "::", "127.evil.example", "10.0.0.1", "", "::ffff:10.0.0.1"]) {
    expect(isLoopback(address)).toBe(false);
  }
});

test("map tiles are of one server, named by its origin, with z, x and y in the path", () => {
  const urlTemplate = "https://tiles.example:8443/osm/{z}/{x}/{y}.png?key=a";
  expect(loadHttpConfig({ NADI_MAP_TILES_URL: urlTemplate }).map).toEqual({
    kind: "raster",
    urlTemplate,
    origin: "https://tiles.example:8443",
    attribution: "tiles.example:8443",
  });
  for (const refused of [
    "https://tiles.example/{z}/{x}.png",
    "https://{s}.tiles.example/{z}/{x}/{y}.png",
    "https://{x}/{z}/{y}.png",
    "https://tiles.example/{z}/{x}/{y}/{w}.png",
    "https://me:secret@tiles.example/{z}/{x}/{y}.png",
    "ftp://tiles.example/{z}/{x}/{y}.png",
    "/tiles/{z}/{x}/{y}.png",
  ]) {
    expect(problemsOf({ NADI_MAP_TILES_URL: refused }), refused).toEqual([
      "NADI_MAP_TILES_URL must be an address like https://tiles.example/{z}/{x}/{y}.png",
    ]);
  }
});

test("a PMTiles file names OpenStreetMap unless it is told otherwise, and is the only ground", () => {
  const NADI_MAP_PMTILES = "java.pmtiles";
  expect(loadHttpConfig({ NADI_MAP_PMTILES }).map).toEqual({
    kind: "pmtiles",
    file: "java.pmtiles",
    attribution: "© OpenStreetMap (ODbL) · Protomaps",
  });
  const own = loadHttpConfig({ NADI_MAP_PMTILES, NADI_MAP_ATTRIBUTION: "Peta kami" }).map;
  expect(own.attribution).toBe("Peta kami");
  const NADI_MAP_TILES_URL = "https://tiles.example/{z}/{x}/{y}.png";
  expect(problemsOf({ NADI_MAP_PMTILES, NADI_MAP_TILES_URL })).toEqual([
    "NADI_MAP_TILES_URL stands beside NADI_MAP_PMTILES: set one of them",
  ]);
});
