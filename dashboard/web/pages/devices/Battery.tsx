import { useFormat } from "../../i18n/LanguageProvider.tsx";
import styles from "./DevicesPage.module.css";

const lowPct = 20;

/** A level with its shape; the number says the same. */
export function Battery({ batteryPct }: { batteryPct: number }) {
  const format = useFormat();
  const level = Math.min(100, Math.max(0, batteryPct));
  return (
    <span className={level <= lowPct ? styles["batteryLow"] : styles["battery"]}>
      <svg viewBox="0 0 26 12" aria-hidden="true">
        <rect x="0.75" y="0.75" width="21.5" height="10.5" rx="2.5" />
        <path d="M24.5 4v4" />
        <rect
          className={styles["level"]}
          x="3"
          y="3"
          width={(17 * level) / 100}
          height="6"
          rx="1"
        />
      </svg>
      {format.measure(batteryPct, "%")}
    </span>
  );
}
