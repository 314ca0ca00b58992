import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { call } from "../../api/page-api.ts";
import { Link } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { Button, buttonClass } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { SessionRow } from "../../components/SessionRow.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import list from "../../components/List.module.css";
import styles from "./Admin.module.css";

const sessionsKey = ["every-session"] as const;

/** Who is signed in now, and where. */
export function SessionsSection() {
  const t = useTexts(adminTexts);
  const format = useFormat();
  const [person, setPerson] = useState("");
  const query = useEverySession(useDeferredValue(person.trim()));
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: (params: { email: string; sessionId: string }) =>
      call("revokePersonSession", { params }),
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionsKey }),
  });
  const sessions = query.data?.pages.flatMap((page) => page.sessions) ?? [];
  const count = `${format.number(sessions.length)}${query.hasNextPage ? "+" : ""}`;
  return (
    <>
      <PageHead
        title={
          query.data === undefined
            ? t.sections.sessions
            : count === "1"
              ? t.sessions.titleOne
              : t.sessions.title(count)
        }
        about={t.sessions.about}
      >
        <ScreensLink />
      </PageHead>
      <div className={styles["tools"]}>
        <input
          type="search"
          className={styles["search"]}
          aria-label={t.sessions.search}
          placeholder={t.sessions.search}
          value={person}
          maxLength={254}
          onChange={({ target }) => setPerson(target.value)}
        />
      </div>
      {query.error !== null && (
        <ErrorState error={query.error} text={t.failed} onRetry={() => void query.refetch()} />
      )}
      {end.error !== null && <ErrorState error={end.error} />}
      {query.isPending && <Skeleton lines={4} />}
      {query.data !== undefined && sessions.length === 0 && <EmptyState text={t.sessions.empty} />}
      {sessions.length > 0 && (
        <ul className={list["list"]} aria-label={t.sessions.list}>
          {sessions.map(({ email, ...session }) => (
            <SessionRow
              key={session.sessionId}
              session={session}
              email={email}
              isBusy={end.isPending}
              onEnd={() => end.mutate({ email, sessionId: session.sessionId })}
            />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className={styles["more"]}>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t.more}
          </Button>
        </div>
      )}
    </>
  );
}

/** Wall screens are nobody's sessions: they have a list of their own, by kitchen. */
function ScreensLink() {
  const words = useWords();
  const { may } = useSession();
  if (!may("listScreens")) return null;
  return (
    <Link href={pagePaths.screens} className={buttonClass({})}>
      {words.role.kiosk}
    </Link>
  );
}

function useEverySession(person: string) {
  return useInfiniteQuery({
    queryKey: [...sessionsKey, person],
    queryFn: ({ pageParam, signal }) =>
      call("listEverySession", {
        query: {
          ...(person === "" ? {} : { person }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}
