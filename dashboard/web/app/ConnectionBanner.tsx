import { Banner } from "../components/Notice.tsx";
import { useFormat, useWords } from "../i18n/LanguageProvider.tsx";
import { useSession } from "../session/SessionProvider.tsx";
import { type LinkState, useLink } from "./link.ts";
import { screenZone } from "./screen-zone.ts";
import styles from "./ConnectionBanner.module.css";

/** What the whole screen must know: that it is offline, or that its link can be overheard. */
export function ConnectionBanner() {
  const link = useLink();
  const words = useWords();
  const format = useFormat();
  const { session } = useSession();
  const isOffline = link.state === "stale" || link.state === "failed";
  if (!isOffline && !session.isInsecure) return null;
  return (
    <div className={styles["slot"]}>
      {isOffline && (
        <Banner tone="offline">
          {words.link.stale(format.zonedTime(link.sinceMs, screenZone))}
        </Banner>
      )}
      {session.isInsecure && <Banner tone="warning">{words.link.insecure}</Banner>}
    </div>
  );
}

/** The dot beside the clock. */
export function LinkMark({ link }: { link: LinkState }) {
  const words = useWords();
  if (link.state === "idle") return null;
  const isOffline = link.state === "stale" || link.state === "failed";
  const text = isOffline
    ? words.link.staleShort
    : words.link[link.state === "live" ? "live" : "connecting"];
  return (
    <span className={`${styles["mark"]} ${styles[link.state]}`}>
      <i />
      {text}
    </span>
  );
}
