import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { RouteAnswer } from "../../../contract/index.ts";
import { call } from "../../api/page-api.ts";
import { type CallInput } from "../../api/call.ts";
import { useCommandKey } from "../../api/useCommandKey.ts";
import { useKitchenList } from "../../kitchens/useKitchens.ts";

export type Person = RouteAnswer<"readPerson">;
export type IssuedPassword = RouteAnswer<"addPerson">;
export type NewPerson = CallInput<"addPerson">["body"];
export type PersonChange = Omit<CallInput<"putPerson">["body"], "expectedVersion">;

const peopleKey = ["people"] as const;
const pageSize = 100;

export function usePeople(search: string) {
  return useInfiniteQuery({
    queryKey: [...peopleKey, search],
    queryFn: ({ pageParam, signal }) =>
      call("listPeople", {
        query: {
          limit: pageSize,
          ...(search === "" ? {} : { search }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

/** What somebody may be given: kitchens by name. */
export function useKitchenNames() {
  return useKitchenList().data?.kitchens ?? [];
}

export function usePersonActions() {
  const queries = useQueryClient();
  const keyFor = useCommandKey();
  const onSuccess = () => queries.invalidateQueries({ queryKey: peopleKey });
  const add = useMutation({
    mutationFn: (body: NewPerson) => call("addPerson", { body, idempotencyKey: keyFor(body) }),
    onSuccess,
  });
  const put = useMutation({
    mutationFn: ({ person, change }: { person: Person; change: PersonChange }) =>
      call("putPerson", {
        params: { email: person.email },
        body: { ...change, expectedVersion: person.version },
      }),
    onSuccess,
  });
  const reset = useMutation({
    mutationFn: ({ email, version }: Person) =>
      call("resetPersonPassword", {
        params: { email },
        body: {},
        idempotencyKey: keyFor({ email, version }),
      }),
    onSuccess,
  });
  return { add, put, reset };
}
