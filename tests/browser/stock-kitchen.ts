import type { KitchenTimeZone } from "../../devices/index.ts";
import { midnightOf } from "../../dashboard/web/pages/stock/stock-day.ts";
import { buildPage } from "../support/built-page.ts";
import { type KitchenClient, openKitchens } from "../support/kitchen-client.ts";
import { type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { minuteMs, temperatures } from "../support/rule-examples.ts";

export const stockKitchen = "sppg-jakarta-001";
const dayMs = 24 * 60 * minuteMs;

export interface StockKitchen {
  kitchen: KitchenClient;
  login: { url: string; email: string; password: string };
  /** Weights of a scale, one a minute, the last one now. */
  weigh(deviceId: string, stretches: readonly { kg: number; minutes: number }[]): Promise<void>;
}

/**
 * A real `nadi serve` with a cold store that was too warm once in the last day, and three scales:
 * rice with four days of use behind it, chicken with an hour, and one that was never installed.
 */
export async function startStockKitchen(scope: Scope): Promise<StockKitchen> {
  await buildPage();
  const dataDir = tempFolder(scope);
  const scale = (deviceId: string) =>
    ({ deviceId, kind: "smart-scale", place: "stockScale", intervalSeconds: 60 }) as const;
  const probe = { deviceId: "cold-1", kind: "temperature-probe", place: "coldStore" } as const;
  const prepared = await prepareKitchens(dataDir, [
    {
      sppgId: stockKitchen,
      timeZone: zoneInItsDay(),
      devices: [
        { ...probe, intervalSeconds: 60 },
        scale("scale-chicken"),
        scale("scale-oil"),
        scale("scale-rice"),
      ],
    },
  ]);
  const nadi = await startNadi(scope, { dataDir });
  const kitchens = await openKitchens(scope, nadi, prepared);
  const kitchen = kitchens.kitchen(stockKitchen);
  const send = (deviceId: string, readings: object[]): Promise<void> =>
    kitchen.sendReadings(deviceId, readings, { reading: "weight" });
  await kitchen.sendReadings("cold-1", coldDay());
  await send("scale-rice", riceWeek());
  await send("scale-chicken", weights([{ kg: 96.4, minutes: 60 }], Date.now() - 20 * minuteMs));
  await kitchen.settled();
  return {
    kitchen,
    login: { url: nadi.httpUrl, ...prepared.operator },
    weigh: (deviceId, stretches) => send(deviceId, weights(stretches, Date.now())),
  };
}

/** What happens in the last two hours shall be of the kitchen's today, at any time of the day. */
function zoneInItsDay(): KitchenTimeZone {
  const nowMs = Date.now();
  const isIn = (zone: KitchenTimeZone) => nowMs - midnightOf(nowMs, zone) > 115 * minuteMs;
  return isIn("Asia/Jakarta") ? "Asia/Jakarta" : "Asia/Jayapura";
}

/** Warm for 20 minutes ten hours ago, and nearly so for 40 minutes twice. */
function coldDay(): { ts: number; celsius: number }[] {
  const day = [
    { celsius: 3, minutes: 600 },
    { celsius: 4.6, minutes: 40 },
    { celsius: 3, minutes: 180 },
    { celsius: 8.2, minutes: 20 },
    { celsius: 3, minutes: 200 },
    { celsius: 4.6, minutes: 40 },
    { celsius: 3, minutes: 340 },
  ];
  return temperatures(day, Date.now());
}

/** Five days: 120 kg are taken at five in the morning and come back at two. */
function riceWeek(): { ts: number; weightKg: number }[] {
  const nowMs = Date.now();
  const midnightMs = midnightOf(nowMs, "Asia/Jakarta");
  const readings = [];
  for (let ts = midnightMs - 5 * dayMs; ts < nowMs; ts += 5 * minuteMs) {
    const hour = ((ts - midnightMs + 5 * dayMs) % dayMs) / (60 * minuteMs);
    const noise = (ts / minuteMs) % 3 === 0 ? 0.1 : 0;
    readings.push({ ts, weightKg: (hour >= 5 && hour < 14 ? 290 : 410) + noise });
  }
  return readings;
}

function weights(
  stretches: readonly { kg: number; minutes: number }[],
  endMs: number,
): { ts: number; weightKg: number }[] {
  const values = stretches.flatMap(({ kg, minutes }) => Array<number>(minutes).fill(kg));
  return values.map((weightKg, index) => ({
    ts: endMs - (values.length - 1 - index) * minuteMs,
    weightKg,
  }));
}
