import { useNow } from "../design/clock.ts";
import { useFormat, useWords } from "../i18n/LanguageProvider.tsx";
import { type Freshness, freshnessOf } from "./freshness.ts";
import styles from "./Age.module.css";

/** The age of a value with its mark: `4 dtk`, `2 mnt lalu · lambat`, `belum terpasang`. */
export function Age({
  lastHeardAtMs,
  expectedIntervalSeconds,
}: {
  lastHeardAtMs: number | null;
  expectedIntervalSeconds: number;
}) {
  const nowMs = useNow();
  const words = useWords();
  const format = useFormat();
  const freshness = freshnessOf({ lastHeardAtMs, expectedIntervalSeconds }, nowMs);
  const age = lastHeardAtMs === null ? null : format.age(nowMs - lastHeardAtMs);
  const text = [age, freshness === "fresh" ? null : words.freshness[freshness]];
  return (
    <span className={`${styles["age"]} ${styles[freshness]}`}>
      <FreshnessMark freshness={freshness} />
      {text.filter((part) => part !== null).join(" · ")}
    </span>
  );
}

function FreshnessMark({ freshness }: { freshness: Freshness }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      {freshness === "fresh" && <circle className={styles["dot"]} cx="12" cy="12" r="5.2" />}
      {freshness === "late" && (
        <>
          <circle cx="12" cy="12" r="9.3" />
          <path d="M12 6.8V12l3.6 2.4" />
        </>
      )}
      {freshness === "silent" && (
        <>
          <circle cx="12" cy="12" r="9.3" strokeDasharray="3.9 3.4" />
          <path d="m7.5 16.5 9-9" />
        </>
      )}
      {freshness === "missing" && <circle cx="12" cy="12" r="8.5" />}
    </svg>
  );
}
