import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../../api/page-api.ts";
import type { RouteAnswer } from "../../../contract/index.ts";

export type Screen = RouteAnswer<"listScreens">["screens"][number];

/** A screen whose code was entered collects its session some seconds later. */
const refetchMs = 3_000;

const screensKey = (sppgId: string | null) => ["screens", sppgId] as const;

/** The screens of a kitchen, newest first; none is asked for while there is no kitchen. */
export function useScreens(sppgId: string | null) {
  return useQuery({
    queryKey: screensKey(sppgId),
    enabled: sppgId !== null,
    refetchInterval: refetchMs,
    queryFn: async ({ signal }) => {
      const { screens } = await call("listScreens", { params: { sppgId: sppgId ?? "" }, signal });
      return screens;
    },
  });
}

export function usePairScreen(sppgId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { code: string; name: string }) =>
      call("pairScreen", { params: { sppgId }, body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: screensKey(sppgId) }),
  });
}

export function useRevokeScreen(sppgId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (sessionId: string) => call("revokeScreen", { params: { sppgId, sessionId } }),
    onSettled: () => queries.invalidateQueries({ queryKey: screensKey(sppgId) }),
  });
}
