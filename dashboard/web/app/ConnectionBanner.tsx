import { Banner } from "../components/Notice.tsx";
import { useFormat, useWords } from "../i18n/LanguageProvider.tsx";
import { useSession } from "../session/SessionProvider.tsx";
import type { LinkState } from "../realtime/connection.ts";
import { useOfflineSince } from "../offline/useOfflineSince.ts";
import { sayTime } from "./say-time.ts";
import styles from "./ConnectionBanner.module.css";

/** What the whole screen must know: that it is offline, or that its link can be overheard. */
export function ConnectionBanner() {
  const words = useWords();
  const format = useFormat();
  const { session } = useSession();
  const sinceMs = useOfflineSince();
  if (sinceMs === null && !session.isInsecure) return null;
  return (
    <div className={styles["slot"]}>
      {sinceMs !== null && (
        <Banner tone="offline">{words.link.stale(sayTime(format, sinceMs))}</Banner>
      )}
      {session.isInsecure && <Banner tone="warning">{words.link.insecure}</Banner>}
    </div>
  );
}

/** The dot beside the clock. */
export function LinkMark({ link }: { link: LinkState }) {
  const words = useWords();
  if (link.phase === "signedOut") return null;
  const texts = {
    connecting: words.link.connecting,
    open: words.link.live,
    lost: words.link.staleShort,
  };
  return (
    <span className={`${styles["mark"]} ${styles[link.phase]}`}>
      <i />
      {texts[link.phase]}
    </span>
  );
}
