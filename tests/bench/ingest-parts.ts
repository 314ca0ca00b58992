/** Which part of ingest takes what, by samples of this thread's own profile. */
import { Session } from "node:inspector/promises";

const intervalMicros = 500;

/** The first that a call's place has: innermost frames are asked first. */
const partsByPlace = [
  ["/ingest/worker/checkpoints", "monitor's rows"],
  ["/ingest/monitor/rows", "monitor's rows"],
  ["/devices/records/", "monitor's rows"],
  ["/ingest/store/", "store"],
  ["/ingest/monitor/", "monitor"],
  ["/ingest/live/", "monitor"],
  ["/ingest/decode/", "decode"],
  ["/devices/", "decode"],
  ["/broker/journal/", "journal"],
  ["/ingest/worker/", "loops"],
] as const;

function partOf(url: string): string | null {
  return partsByPlace.find(([place]) => url.includes(place))?.[1] ?? null;
}

/** Starts; what it gives back ends it and says how much each part took. */
export async function profileParts(): Promise<() => Promise<Map<string, number>>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: intervalMicros });
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    const { nodes, samples = [], timeDeltas = [] } = profile;
    const parents = new Map<number, number>();
    for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
    const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
    const parts = new Map<string, number>();
    const cache = new Map<number, string>();
    const find = (id: number): string => {
      for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
        const frame = byId.get(at);
        if (frame?.functionName === "(garbage collector)") return "collector";
        if (frame?.functionName === "(idle)") return "idle";
        const part = partOf(frame?.url ?? "");
        if (part !== null) return part;
      }
      return "rest";
    };
    for (const [at, id] of samples.entries()) {
      let part = cache.get(id);
      if (part === undefined) cache.set(id, (part = find(id)));
      if (part !== "idle") parts.set(part, (parts.get(part) ?? 0) + (timeDeltas[at] ?? 0));
    }
    return new Map([...parts].toSorted((a, b) => b[1] - a[1]));
  };
}
