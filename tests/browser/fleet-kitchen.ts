import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { createKitchenWorld, type Run, startRun } from "../../simulators/index.ts";
import { siteOf } from "../../simulators/world/kitchen-day.ts";
import { buildPage } from "../support/built-page.ts";
import { makePng } from "../support/map-files.ts";
import { type NadiProcess, type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";

export const fleetKitchen = "sppg-jakarta-001";
const identity = { seed: 1, sppgId: fleetKitchen, timeZone: "Asia/Jakarta" } as const;
const vehicleId = "vehicle-1";
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

export interface FleetSite {
  nadi: NadiProcess;
  login: { url: string; email: string; password: string };
  /** The simulator's vehicle sets off: it drives for the next two minutes at least. */
  drive(): Promise<Run>;
}

/** A real `nadi serve` with one kitchen at its place, and the tracker of one vehicle. */
export async function startFleet(
  scope: Scope,
  env: Readonly<Record<string, string>> = {},
): Promise<FleetSite> {
  await buildPage();
  const dataDir = tempFolder(scope);
  const prepared = await prepareKitchens(dataDir, [
    {
      sppgId: fleetKitchen,
      place: siteOf(identity),
      devices: [
        { deviceId: vehicleId, kind: "gps-tracker", intervalSeconds: 10 },
        { deviceId: "vehicle-never", kind: "gps-tracker" },
      ],
    },
  ]);
  const nadi = await startNadi(scope, { dataDir, env });
  return {
    nadi,
    login: { url: nadi.httpUrl, ...prepared.operator },
    async drive() {
      const fromMs = Date.now();
      const run = startRun({
        ...identity,
        host: "127.0.0.1",
        port: nadi.mqttPort,
        speed: 1,
        kitchens: [identity],
        credentials: [prepared.login(fleetKitchen, vehicleId)],
        scenario: null,
        fromMs,
        untilMs: null,
        // Its morning is now.
        clockShiftMs: fromMs - findDrive(fromMs),
        historyMs: 10 * minuteMs,
      });
      scope.onTestFinished(async () => {
        await run.stop();
      });
      await run.connected(20_000);
      return run;
    },
  };
}

/** A moment of that day at which the vehicle is on the road, and stays there for two minutes. */
function findDrive(nowMs: number): number {
  const world = createKitchenWorld(identity);
  const { startMs, vehicle } = world.day(nowMs);
  const { at } = vehicle(vehicleId);
  for (let timeMs = startMs; timeMs < startMs + dayMs; timeMs += minuteMs) {
    const steps = Array.from({ length: 24 }, (_none, step) => timeMs + step * 5_000);
    const isDriving = steps.every((stepMs) => at(stepMs).speedKmh > 8);
    if (isDriving && world.isLinked(vehicleId, timeMs)) return timeMs;
  }
  throw new Error(`seed ${identity.seed}: the vehicle never drives for two minutes`);
}

export interface TileServer {
  urlTemplate: string;
  origin: string;
  /** Paths that were asked for. */
  asked: string[];
}

/** Image tiles of one colour, on loopback. */
export async function startTiles(scope: Scope, colour: readonly number[]): Promise<TileServer> {
  const tile = makePng(256, colour);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response
      .writeHead(200, {
        "content-type": "image/png",
        // Of another origin than the page, which says that it takes only what is meant for it.
        "cross-origin-resource-policy": "cross-origin",
      })
      .end(tile);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address record.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { urlTemplate: `${origin}/{z}/{x}/{y}.png`, origin, asked };
}

/** The colour that a person sees at a point of the page: `#rrggbb`. */
export async function seenColour(
  browser: BrowserContext,
  page: Page,
  [x, y]: readonly [number, number],
): Promise<string> {
  const picture = await page.screenshot({ clip: { x, y, width: 1, height: 1 } });
  // A page without our policy: it may read a picture out of its own address.
  const reader = await browser.newPage();
  try {
    return await reader.evaluate<string>(`(async () => {
      const bytes = Uint8Array.from(atob("${picture.toString("base64")}"), (c) => c.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(1, 1).getContext("2d");
      context.drawImage(image, 0, 0);
      const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
      return "#" + [r, g, b].map((one) => one.toString(16).padStart(2, "0")).join("");
    })()`);
  } finally {
    await reader.close();
  }
}
