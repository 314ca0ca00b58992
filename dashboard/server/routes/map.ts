import type { FastifyReply, FastifyRequest } from "fastify";
import { dashboardError } from "../errors.ts";
import { type MapFile, openMapFile, parseByteRange } from "../map-file.ts";
import { sendProblem } from "../problems.ts";
import { refusalOf } from "../request-guard.ts";
import { type Api, route } from "./route.ts";

/** Beside the contract, since it answers bytes and ranges of them. */
export const mapFileAddress = "/api/map/basemap.pmtiles";

export function registerMapRoutes(api: Api): void {
  const { map } = api.config;
  const { attribution } = map;
  if (map.kind === "pmtiles") registerMapFile(api, openMapFile(map.file));
  route(api, "readMap", async () => {
    switch (map.kind) {
      case "bundled":
        return { ground: { kind: map.kind }, attribution };
      case "pmtiles":
        return { ground: { kind: map.kind, url: mapFileAddress }, attribution };
      case "raster":
        return { ground: { kind: map.kind, urlTemplate: map.urlTemplate }, attribution };
      default:
        return map satisfies never;
    }
  });
}

function registerMapFile(api: Api, file: MapFile): void {
  api.server.addHook("onClose", async () => file.close());
  api.server.get(mapFileAddress, {
    onRequest: async (request) => {
      const refusal = refusalOf(request, api.config);
      if (refusal !== null) throw refusal;
      if ((await api.sessions.authenticate(request)) !== null) return;
      throw dashboardError("DASHBOARD_SESSION_MISSING", { message: "Nobody is signed in." });
    },
    handler: (request, reply) => sendRange(file, request, reply),
  });
}

function sendRange(file: MapFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { sizeBytes, etag } = file;
  reply.headers({ etag, "accept-ranges": "bytes", "cache-control": "private, no-cache" });
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  // A part of another version would not fit to the parts that the page has.
  const { range: asked, "if-range": condition } = request.headers;
  const isSame = condition === undefined || condition === etag;
  const range = parseByteRange(isSame ? asked : undefined, sizeBytes);
  if (range === "unsatisfiable") {
    reply.header("content-range", `bytes */${sizeBytes}`);
    return sendProblem(reply, "DASHBOARD_RANGE_UNSATISFIABLE");
  }
  const whole = { start: 0, end: sizeBytes - 1 };
  const { start, end } = range === "whole" ? whole : range;
  if (range !== "whole") {
    reply.code(206).header("content-range", `bytes ${start}-${end}/${sizeBytes}`);
  }
  reply.type("application/octet-stream").header("content-length", end - start + 1);
  return reply.send(file.read(start, end));
}
