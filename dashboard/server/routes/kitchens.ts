import { formatPosition, type Kitchen } from "../../../devices/index.ts";
import type { KitchenSnapshot } from "../../../ingest/index.ts";
import type { PersonSession } from "../people/live-session.ts";
import { describeAlert } from "./alerts.ts";
import { describeDevice } from "./devices.ts";
import { type Api, route } from "./route.ts";

/** A kitchen with more open alerts than this has one trouble, not hundreds. */
const openAlertsMax = 200;

export function registerKitchenRoutes(api: Api): void {
  const { services } = api;
  route(api, "listKitchens", async ({ session }) => {
    const kitchens = await ownKitchens(api, session);
    const ids = kitchens.map(({ sppgId }) => sppgId);
    const counted = await services.desk.countOpenAlerts(ids);
    const openOf = new Map(counted.map(({ sppgId, ...open }) => [sppgId, open]));
    return {
      kitchens: kitchens.map((kitchen) => ({
        ...describeKitchen(kitchen),
        openAlerts: openOf.get(kitchen.sppgId) ?? { open: 0, critical: 0, unacknowledged: 0 },
      })),
    };
  });
  route(api, "readSnapshot", async ({ kitchen, session }) => {
    const { sppgId } = kitchen;
    // From the monitor, which a store that is away does not hold up. First of all: what else is
    // read is as new as its position, or newer.
    const snapshot = await services.ingest.snapshot(sppgId);
    const [devices, alerts] = await Promise.all([
      api.kitchens.devices(sppgId),
      services.desk.listAlerts({ sppgId, state: "open", limit: openAlertsMax + 1 }),
    ]);
    const heardAtMs = lastHeard(snapshot);
    return {
      kitchen: describeKitchen(kitchen),
      position: formatPosition(snapshot.offset),
      devices: devices.map((device) => ({
        ...describeDevice(device),
        lastHeardAtMs: heardAtMs.get(device.deviceId) ?? null,
      })),
      latest: [...snapshot.latest],
      alerts: alerts.slice(0, openAlertsMax).map((alert) => describeAlert(session, alert)),
      hasMoreAlerts: alerts.length > openAlertsMax,
    };
  });
}

async function ownKitchens(api: Api, { kitchens }: PersonSession): Promise<Kitchen[]> {
  if (kitchens === "all") return api.services.registry.listKitchens();
  const found = await Promise.all([...kitchens].map((sppgId) => api.kitchens.find(sppgId)));
  return found.filter((kitchen) => kitchen !== null);
}

export function describeKitchen({ sppgId, name, timeZone, latitude, longitude }: Kitchen) {
  return { sppgId, name, timeZone, latitude, longitude };
}

function lastHeard(snapshot: KitchenSnapshot): Map<string, number> {
  const heardAtMs = new Map<string, number>();
  for (const { deviceId, receivedTimeMs } of snapshot.latest) {
    heardAtMs.set(deviceId, Math.max(receivedTimeMs, heardAtMs.get(deviceId) ?? receivedTimeMs));
  }
  return heardAtMs;
}
