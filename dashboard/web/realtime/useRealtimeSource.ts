import { createContext, use } from "react";
import type { RealtimeSource } from "./create-realtime.ts";

export const RealtimeContext = createContext<RealtimeSource | null>(null);

export function useRealtimeSource(): RealtimeSource {
  const source = use(RealtimeContext);
  if (source === null) throw new Error("realtime hooks need a RealtimeProvider above them");
  return source;
}
