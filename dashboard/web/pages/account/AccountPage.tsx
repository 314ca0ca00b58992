import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../../api/page-api.ts";
import { ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { SessionRow } from "../../components/SessionRow.tsx";
import { accountTexts } from "../../i18n/account.ts";
import { adminTexts } from "../../i18n/admin.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import list from "../../components/List.module.css";
import styles from "./AccountPage.module.css";
import { ownSessionsKey } from "./own-sessions-key.ts";
import { PasswordForm } from "./PasswordForm.tsx";

/** What every person may do about their own sign-ins: see and end them, change the password. */
export function AccountPage() {
  const t = useTexts(accountTexts);
  const format = useFormat();
  const { session } = useSession();
  const query = useQuery({
    queryKey: ownSessionsKey,
    queryFn: ({ signal }) => call("listSessions", { signal }),
  });
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: (sessionId: string) => call("revokeSession", { params: { sessionId } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ownSessionsKey }),
  });
  const sessions = query.data?.sessions ?? [];
  const title = sessions.length > 1 ? t.title(format.number(sessions.length)) : t.titleOne;
  const listName = useTexts(adminTexts).sessions.list;
  return (
    <>
      <PageHead title={query.data === undefined ? t.sessions : title} about={session.email} />
      <div className={styles["columns"]}>
        <section>
          <h2>{t.sessions}</h2>
          <p className={styles["about"]}>{t.sessionsAbout}</p>
          {query.error !== null && (
            <ErrorState error={query.error} text={t.failed} onRetry={() => void query.refetch()} />
          )}
          {end.error !== null && <ErrorState error={end.error} />}
          {query.isPending && <Skeleton lines={2} />}
          {sessions.length > 0 && (
            <ul className={list["list"]} aria-label={listName}>
              {sessions.map((one) => (
                <SessionRow
                  key={one.sessionId}
                  session={one}
                  isBusy={end.isPending}
                  onEnd={() => end.mutate(one.sessionId)}
                />
              ))}
            </ul>
          )}
        </section>
        <section className={styles["card"]}>
          <h2>{t.password}</h2>
          <PasswordForm />
        </section>
      </div>
    </>
  );
}
