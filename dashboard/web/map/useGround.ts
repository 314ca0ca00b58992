import { useQuery } from "@tanstack/react-query";
import { call } from "../api/page-api.ts";
import type { GroundSource } from "./ground.ts";

export interface ChosenGround {
  ground: GroundSource;
  attribution: string;
}

const bundled: GroundSource = { kind: "bundled" };

/** What the operator has configured; the bundled map while nobody has answered yet. */
export function useGround(): ChosenGround | null {
  const query = useQuery({
    queryKey: ["map"],
    queryFn: ({ signal }) => call("readMap", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (query.data !== undefined) return query.data;
  return query.isError ? { ground: bundled, attribution: bundledAttribution } : null;
}

const bundledAttribution = "Natural Earth";
