import type { RouteAnswer } from "../../contract/index.ts";
import { serverClock } from "../api/page-api.ts";
import { screenZone } from "../app/screen-zone.ts";
import { useNow } from "../design/clock.ts";
import { adminTexts } from "../i18n/admin.ts";
import { useFormat, useTexts } from "../i18n/LanguageProvider.tsx";
import { browserName } from "./browser-name.ts";
import { Button } from "./Button.tsx";
import list from "./List.module.css";

export type ListedSession = RouteAnswer<"listSessions">["sessions"][number];

/** One sign-in: whose, where, since when and how long ago it was used, and its end. */
export function SessionRow(props: {
  session: ListedSession;
  /** Of the person, where sessions of several are listed. */
  email?: string;
  isBusy: boolean;
  onEnd: () => void;
}) {
  const { session, email, isBusy, onEnd } = props;
  const t = useTexts(adminTexts).sessions;
  const format = useFormat();
  const nowMs = useNow();
  const browser = browserName(session.userAgent) ?? t.unknownBrowser;
  const place = [browser, session.address].filter(Boolean).join(" · ");
  const used = t.used(format.age(nowMs - serverClock.toPageMs(session.lastSeenAtMs)));
  const since = t.since(format.dateTime(session.createdAtMs, screenZone));
  return (
    <li>
      <div className={list["what"]}>
        <b>{email ?? place}</b>
        {email !== undefined && <span>{place}</span>}
        <span className={list["when"]}>
          {used} · {since}
        </span>
      </div>
      {session.isCurrent ? (
        <span className={list["when"]}>{t.current}</span>
      ) : (
        <Button disabled={isBusy} aria-label={t.endOf(email ?? place)} onClick={onEnd}>
          {t.end}
        </Button>
      )}
    </li>
  );
}
