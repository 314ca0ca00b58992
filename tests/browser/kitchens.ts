import { buildPage } from "../support/built-page.ts";
import { eventually } from "../support/kitchen.ts";
import { type OpenedKitchens, openKitchens } from "../support/kitchen-client.ts";
import { type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { temperatures } from "../support/rule-examples.ts";

export const warmKitchen = "sppg-jakarta-001";
export const calmKitchen = "sppg-bandung-002";

export interface BrowserKitchens {
  kitchens: OpenedKitchens;
  /** For the form. */
  login: { url: string; email: string; password: string };
  /** 20 minutes of readings, which end now; resolves when the alert that they open can be read. */
  warmUp(deviceId: string): Promise<void>;
}

/** A real `nadi serve` with its page, and two kitchens: one of them has a cold store too warm. */
export async function startKitchens(scope: Scope): Promise<BrowserKitchens> {
  await buildPage();
  const dataDir = tempFolder(scope);
  const probe = (deviceId: string, place: "coldStore" | "freezer") =>
    ({ deviceId, kind: "temperature-probe", place, intervalSeconds: 60 }) as const;
  // So seldom that its one fix stays fresh.
  const tracker = (deviceId: string) =>
    ({ deviceId, kind: "gps-tracker", intervalSeconds: 3_600 }) as const;
  const prepared = await prepareKitchens(dataDir, [
    {
      sppgId: warmKitchen,
      devices: [probe("cold-1", "coldStore"), probe("cold-2", "coldStore"), tracker("gps-1")],
      place: { lat: -6.1966, lon: 106.8362 },
    },
    { sppgId: calmKitchen, devices: [probe("freezer-1", "freezer")] },
  ]);
  const nadi = await startNadi(scope, { dataDir });
  const kitchens = await openKitchens(scope, nadi, prepared);
  const calm = kitchens.kitchen(calmKitchen);
  await calm.sendReadings("freezer-1", temperatures([{ celsius: -20, minutes: 5 }], Date.now()));
  const fix = { ts: Date.now(), lat: -6.2, lon: 106.84, speedKmh: 24, headingDeg: 90 };
  await kitchens.kitchen(warmKitchen).sendReadings("gps-1", [fix], { reading: "position" });
  return {
    kitchens,
    login: { url: nadi.httpUrl, ...prepared.operator },
    async warmUp(deviceId) {
      const warm = kitchens.kitchen(warmKitchen);
      const readings = temperatures([{ celsius: 8.6, minutes: 20 }], Date.now());
      await warm.sendReadings(deviceId, readings);
      await eventually(
        () => warm.alerts(),
        (alerts) => alerts.some((alert) => alert.deviceId === deviceId),
        alertMsMax,
      );
    },
  };
}

const alertMsMax = 5_000;
