import * as z from "zod/mini";
import { kitchenSchema } from "../../contract/index.ts";
import { Listeners } from "../realtime/listeners.ts";

/** As `service-worker.js` has it. */
export const dataCacheName = "nadi-data";
const storedAtHeader = "nadi-stored-at";

/** By address: of answers that were stored, when. */
const storedAtMs = new Map<string, number>();
export const onStoredAnswers = new Listeners();

/** Each answer of the API passes here: one that was stored says since when it is old. */
export function noteAnswer(answer: Pick<Response, "url" | "headers" | "ok" | "status">): void {
  const { url, headers, ok, status } = answer;
  // Of what the person may not see any more nothing is shown, so nothing of it is old.
  const isGone = status === 403 || status === 404;
  if (!ok && !isGone) return;
  const text = headers.get(storedAtHeader);
  const before = storedAtMs.get(url);
  if (text === null) storedAtMs.delete(url);
  else storedAtMs.set(url, Number(text));
  if (before !== storedAtMs.get(url)) onStoredAnswers.tell();
}

/** The oldest of what the page has from the store; `null`: all of it is the server's. */
export function oldestStoredMs(): number | null {
  return storedAtMs.size === 0 ? null : Math.min(...storedAtMs.values());
}

const storedSchema = z.object({ kitchen: kitchenSchema });

/** The kitchens of the snapshots that are stored; none where there is no store. */
export async function readStoredKitchens(): Promise<z.infer<typeof kitchenSchema>[]> {
  if (!("caches" in window)) return [];
  const cache = await caches.open(dataCacheName);
  const bodies = await Promise.all(
    (await cache.keys()).map(async (key): Promise<unknown> => (await cache.match(key))?.json()),
  );
  return bodies.flatMap((body) => {
    const parsed = storedSchema.safeParse(body);
    return parsed.success ? [parsed.data.kitchen] : [];
  });
}

export async function forgetAnswers(): Promise<void> {
  storedAtMs.clear();
  onStoredAnswers.tell();
  if ("caches" in window) await caches.delete(dataCacheName);
}
