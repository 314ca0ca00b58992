import { screenZone } from "../../app/screen-zone.ts";
import { useFormat, useWords } from "../../i18n/LanguageProvider.tsx";
import { useLink } from "../../realtime/useLink.ts";
import styles from "./OfflineLine.module.css";

/** Across the board: what stands below is not how it is now. */
export function OfflineLine() {
  const link = useLink();
  const words = useWords();
  const format = useFormat();
  if (link.phase !== "lost") return null;
  const text = words.link.stale(format.zonedTime(link.sinceMs, screenZone));
  return (
    <p className={styles["offline"]} role="status">
      {text}
    </p>
  );
}
