import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import { makePmtiles } from "../support/map-files.ts";
import { tempFolder } from "../support/nadi-process.ts";
import {
  fleetKitchen,
  type FleetSite,
  seenColour,
  startFleet,
  startTiles,
} from "./fleet-kitchen.ts";

const scope = fileScope();
let given: FleetSite;

beforeAll(async () => {
  given = await startFleet(scope);
  await given.drive();
});

async function openFleet(page: Page, { login }: FleetSite): Promise<void> {
  await signInByForm(page, login);
  await page.goto(`${login.url}/fleet`);
  await page.locator("[data-ground=ready]").waitFor();
}

interface Spot {
  x: number;
  y: number;
  count: number;
}

/** The middle of all that is drawn in the colour of a moving vehicle, in the page's pixels. */
function findVehicle(page: Page): Promise<Spot> {
  return page.evaluate<Spot>(`(() => {
    const canvas = document.querySelector(".nadi-vehicles");
    const { left, top, width } = canvas.getBoundingClientRect();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const probe = document.createElement("i");
    probe.style.color = "var(--color-accent)";
    document.body.append(probe);
    const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const sum = { x: 0, y: 0, count: 0 };
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] !== r || data[at + 1] !== g || data[at + 2] !== b) continue;
      sum.x += (at / 4) % canvas.width;
      sum.y += Math.floor(at / 4 / canvas.width);
      sum.count += 1;
    }
    const scale = width / canvas.width;
    const { count } = sum;
    return { x: left + (sum.x / count) * scale, y: top + (sum.y / count) * scale, count };
  })()`);
}

interface Snapshot {
  latest: { reading: string; fields: Record<string, number> }[];
}

test("a vehicle moves on the map, and the list says the same as it and as the API", async (t) => {
  const { page, errors } = await openPage(t);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await openFleet(page, given);
  await page.getByRole("heading", { name: "1 kendaraan sedang di jalan." }).waitFor();
  const row = page.locator(`[data-vehicle="${fleetKitchen}/vehicle-1"]`);
  expect(await row.innerText()).toMatch(/Kendaraan 1\s+Bergerak\s+\d+\u00a0km\/j\s+.*(km|m|dapur)/);
  const never = page.locator(`[data-vehicle="${fleetKitchen}/vehicle-never"]`);
  expect(await never.innerText()).toContain("belum terpasang");

  const first = await eventually(
    () => findVehicle(page),
    ({ count }) => count > 100,
    10_000,
  );
  // 8 km/h at least are 20 m between two fixes: more than a pixel at this zoom.
  const second = await eventually(
    () => findVehicle(page),
    ({ x, y }) => Math.hypot(x - first.x, y - first.y) > 1,
    30_000,
  );
  await keepShot(page, "fleet-moving");
  // What is pressed on the map is chosen in the list, and its card says where it is.
  await page.mouse.click(second.x, second.y);
  const card = page.getByRole("region", { name: "Kendaraan 1" });
  await card.waitFor();
  expect(await row.getByRole("button").getAttribute("aria-pressed")).toBe("true");
  await card.getByText(/Jejak 3 jam terakhir, \d+ titik\./).waitFor();
  const places = await eventually(
    async () => {
      const snapshot = await page.evaluate<Snapshot>(
        `fetch("/api/kitchens/${fleetKitchen}/snapshot").then((answer) => answer.json())`,
      );
      const { fields } = snapshot.latest.find(({ reading }) => reading === "position") ?? {};
      const { lat = 0, lon = 0 } = fields ?? {};
      const text = [lat, lon].map((value) => value.toFixed(5).replace("-", "−").replace(".", ","));
      return { card: await card.innerText(), api: text.join(" · ") };
    },
    ({ card, api }) => card.includes(api),
    15_000,
  );
  expect(places.card).toMatch(/Arah\s+(utara|timur|tenggara|selatan|barat)/);
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "hidden" });
  expect(errors).toEqual([]);
});

test("the map is moved and the list is used with the keyboard alone", async (t) => {
  const { page, errors } = await openPage(t);
  await openFleet(page, given);
  const map = page.getByRole("application", { name: `Peta armada ${fleetKitchen}` });
  await map.focus();
  const scale = page.locator(".nadi-scale");
  const before = await scale.innerText();
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await eventually(
    () => scale.innerText(),
    (text) => text !== before,
    5_000,
  );
  const vehicle = page.locator(`[data-vehicle="${fleetKitchen}/vehicle-1"] button`);
  await vehicle.focus();
  await page.keyboard.press("Enter");
  const card = page.getByRole("region", { name: "Kendaraan 1" });
  await card.waitFor();
  const follow = card.getByRole("button", { name: "Ikuti di peta" });
  await follow.focus();
  await page.keyboard.press("Enter");
  await card.getByRole("button", { name: "Berhenti mengikuti", pressed: true }).waitFor();
  // Whoever moves the map away is not told that it follows.
  await map.focus();
  await page.keyboard.press("ArrowRight");
  await follow.waitFor();
  const speed = page.getByRole("columnheader", { name: "Urutkan menurut Kecepatan" });
  await speed.getByRole("button").focus();
  await page.keyboard.press("Enter");
  expect(await speed.getAttribute("aria-sort")).toBe("ascending");
  expect(errors).toEqual([]);
});

test("a PMTiles file of the operator is drawn, in ranges from our own origin", async (t) => {
  const file = path.join(tempFolder(t), "map.pmtiles");
  writeFileSync(file, makePmtiles());
  const site = await startFleet(t, { NADI_MAP_PMTILES: file });
  const { page, browser, errors } = await openPage(t);
  const statuses: number[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith("/basemap.pmtiles")) statuses.push(response.status());
    expect(response.url()).not.toContain("topo");
  });
  await openFleet(page, site);
  await page.getByText("© OpenStreetMap (ODbL)").waitFor();
  // The file has land everywhere, in the colour of our ground; without it there would be water.
  const box = await page.getByRole("application").boundingBox();
  const corner = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 20] as const;
  await eventually(
    () => seenColour(browser, page, corner),
    (colour) => colour === "#f0f2ee",
    10_000,
  );
  await keepShot(page, "fleet-pmtiles");
  expect(statuses.length).toBeGreaterThan(0);
  expect(new Set(statuses)).toEqual(new Set([206]));
  expect(errors).toEqual([]);
});

test("image tiles of one server are drawn under a policy that names no other", async (t) => {
  const tiles = await startTiles(t, [120, 180, 90]);
  const site = await startFleet(t, { NADI_MAP_TILES_URL: tiles.urlTemplate });
  const { page, browser, errors } = await openPage(t);
  await openFleet(page, site);
  const box = await page.getByRole("application").boundingBox();
  const corner = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 20] as const;
  await eventually(
    () => seenColour(browser, page, corner),
    (colour) => colour === "#78b45a",
    10_000,
  );
  await keepShot(page, "fleet-tiles");
  expect(tiles.asked.every((asked) => /^\/\d+\/\d+\/\d+\.png$/.test(asked))).toBe(true);
  expect(errors).toEqual([]);
  // Another origin is refused by the browser itself.
  const other = await startTiles(t, [0, 0, 0]);
  const isLoaded = await page.evaluate<boolean>(`new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = "${other.origin}/0/0/0.png";
  })`);
  expect(isLoaded).toBe(false);
  expect(other.asked).toEqual([]);
});
