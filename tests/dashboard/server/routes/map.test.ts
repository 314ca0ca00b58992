import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, type TestContext } from "vitest";
import { openMapFile, parseByteRange } from "../../../../dashboard/server/map-file.ts";
import { mapFileAddress as address } from "../../../../dashboard/server/routes/map.ts";
import { makePmtiles } from "../../../support/map-files.ts";
import { tempFolder } from "../../../support/nadi-process.ts";
import { createKitchenApi, sppgId } from "../kitchen-api.ts";

const content = makePmtiles();

function writeMap(t: TestContext, body: Buffer | string = content): string {
  const file = path.join(tempFolder(t), "map.pmtiles");
  writeFileSync(file, body);
  return file;
}

async function openViewer(t: TestContext) {
  const api = await createKitchenApi(t, { NADI_MAP_PMTILES: writeMap(t) });
  return { api, viewer: await api.signIn("viewer", [sppgId]) };
}

test.for([
  [{}, { ground: { kind: "bundled" }, attribution: "Natural Earth" }],
  [
    { NADI_MAP_TILES_URL: "https://tiles.example/{z}/{x}/{y}.png", NADI_MAP_ATTRIBUTION: "© Kami" },
    {
      ground: { kind: "raster", urlTemplate: "https://tiles.example/{z}/{x}/{y}.png" },
      attribution: "© Kami",
    },
  ],
] as const)("what the map is drawn on follows from %j", async ([env, told], t) => {
  const api = await createKitchenApi(t, env);
  const viewer = await api.signIn("viewer", [sppgId]);
  expect((await viewer.get("/api/map")).json()).toEqual(told);
  // Without a file there is no address of one.
  expect((await viewer.get(address)).statusCode).toBe(404);
  expect((await api.server.inject("/api/map")).statusCode).toBe(401);
});

test("the page is told the address of the file, and nothing of where it lies on the disk", async (t) => {
  const { viewer } = await openViewer(t);
  const answer = await viewer.get("/api/map");
  expect(answer.json()).toEqual({
    ground: { kind: "pmtiles", url: address },
    attribution: "© OpenStreetMap (ODbL) · Protomaps",
  });
});

test.for([
  ["bytes=0-126", 0, 126],
  ["bytes=5-5", 5, 5],
  ["bytes=100-", 100, content.length - 1],
  ["bytes=0-16383", 0, content.length - 1],
  ["bytes=-10", content.length - 10, content.length - 1],
  ["bytes=-999999", 0, content.length - 1],
] as const)(
  "%s is a part of the file, which says where it belongs",
  async ([range, start, end], t) => {
    const { viewer } = await openViewer(t);
    const answer = await viewer.get(address, { range });
    expect(answer.statusCode).toBe(206);
    expect(answer.headers["content-range"]).toBe(`bytes ${start}-${end}/${content.length}`);
    expect(answer.headers["content-length"]).toBe(String(end - start + 1));
    expect(answer.rawPayload.equals(content.subarray(start, end + 1))).toBe(true);
  },
);

test.for(["bytes=999999-", "bytes=-0", "bytes=0-1,5-9"])("%s can't be given", async (range, t) => {
  const { viewer } = await openViewer(t);
  const answer = await viewer.get(address, { range });
  expect(answer.statusCode).toBe(416);
  expect(answer.headers["content-range"]).toBe(`bytes */${content.length}`);
  expect(answer.json()).toMatchObject({ code: "DASHBOARD_RANGE_UNSATISFIABLE", status: 416 });
});

test.for(["rows=0-5", "bytes=9-5", "bytes=-", "bytes=x-y", undefined])(
  "range %s is none, and the file comes whole",
  async (range, t) => {
    const { viewer } = await openViewer(t);
    const answer = await viewer.get(address, range === undefined ? {} : { range });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["accept-ranges"]).toBe("bytes");
    expect(answer.rawPayload.equals(content)).toBe(true);
  },
);

test("a part of an older version is not given; an unchanged file is not sent again", async (t) => {
  const { viewer } = await openViewer(t);
  const range = "bytes=0-9";
  const { etag } = (await viewer.get(address, { range })).headers;
  const same = await viewer.get(address, { range, "if-range": String(etag) });
  expect(same.statusCode).toBe(206);
  const other = await viewer.get(address, { range, "if-range": '"older"' });
  expect(other.statusCode).toBe(200);
  const known = await viewer.get(address, { "if-none-match": String(etag) });
  expect(known.statusCode).toBe(304);
});

test("the file is for who is signed in, and for our own pages", async (t) => {
  const { api, viewer } = await openViewer(t);
  const stranger = await api.server.inject({ url: address, headers: { range: "bytes=0-9" } });
  expect(stranger.statusCode).toBe(401);
  // A browser hands it to no page of another origin.
  const { headers } = await viewer.get(address, { range: "bytes=0-9" });
  expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
  expect(headers["access-control-allow-origin"]).toBeUndefined();
});

test.for([
  [null, /NADI_MAP_PMTILES names .*, which is not there/],
  ["<html>not found</html>", /is no PMTiles file of version 3/],
  [content.subarray(0, 60), /is no PMTiles file of version 3/],
  [makePmtiles(2), /has no vector tiles \(MVT\); for images use NADI_MAP_TILES_URL/],
] as const)("a file that no map can be drawn from stops the start: %#", ([body, told], t) => {
  const file = body === null ? path.join(tempFolder(t), "none") : writeMap(t, Buffer.from(body));
  expect(() => openMapFile(file)).toThrow(told);
});

test("a range stays within the file, whatever its numbers are", () => {
  for (const header of ["bytes=0-", "bytes=-1", "bytes=0-0", "bytes= 3 - 4 ", "BYTES=1-2"]) {
    const range = parseByteRange(header, 5);
    if (range === "whole") continue;
    expect(range, header).toMatchObject({ start: expect.any(Number), end: expect.any(Number) });
    if (range === "unsatisfiable") continue;
    expect(range.start).toBeGreaterThanOrEqual(0);
    expect(range.end).toBeLessThan(5);
  }
  expect(parseByteRange("bytes=99999999999999999999-", 5)).toBe("whole");
  expect(parseByteRange("bytes=0-0", 0)).toBe("unsatisfiable");
});
