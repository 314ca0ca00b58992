import { useFormat, useWords } from "../../i18n/LanguageProvider.tsx";
import { sayTime } from "../../app/say-time.ts";
import { useOfflineSince } from "../../offline/useOfflineSince.ts";
import styles from "./OfflineLine.module.css";

/** Across the board: what stands below is not how it is now. */
export function OfflineLine() {
  const sinceMs = useOfflineSince();
  const words = useWords();
  const format = useFormat();
  if (sinceMs === null) return null;
  const text = words.link.stale(sayTime(format, sinceMs));
  return (
    <p className={styles["offline"]} role="status">
      {text}
    </p>
  );
}
