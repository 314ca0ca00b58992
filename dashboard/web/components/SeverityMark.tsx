import type { ReactNode } from "react";
import { useWords } from "../i18n/LanguageProvider.tsx";
import type { Severity } from "./severity.ts";
import styles from "./SeverityMark.module.css";

/**
 * A severity as shape, colour and word. Without `label` the shape stands alone beside a sentence
 * that tells the state, and only a screen reader hears the word.
 */
export function SeverityMark({
  severity,
  label = "hidden",
  size = "text",
}: {
  severity: Severity;
  label?: "shown" | "hidden" | "none";
  size?: "text" | "large";
}) {
  const words = useWords();
  const word = words.severity[severity];
  return (
    <span className={`${styles["mark"]} ${styles[severity]} ${styles[size]}`}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        {shapes[severity]}
      </svg>
      {label === "shown" && <span>{word}</span>}
      {label === "hidden" && <span className="visually-hidden">{word}</span>}
    </span>
  );
}

const shapes: Readonly<Record<Severity, ReactNode>> = {
  critical: (
    <>
      <path className={styles["solid"]} d="M8.1 1.5h7.8L22.5 8.1v7.8l-6.6 6.6H8.1L1.5 15.9V8.1z" />
      <path className={styles["inner"]} d="M12 6.6v6.6" strokeWidth="2.6" />
      <circle className={styles["innerDot"]} cx="12" cy="17" r="1.6" />
    </>
  ),
  silent: (
    <>
      <circle cx="12" cy="12" r="9.3" strokeWidth="2.1" strokeDasharray="3.9 3.4" />
      <path d="m7.5 16.5 9-9" strokeWidth="2.1" />
    </>
  ),
  warning: (
    <>
      <path className={styles["sign"]} d="M12 2.6 22.4 20.4H1.6z" strokeWidth="1.8" />
      <path className={styles["signInner"]} d="M12 9v5" strokeWidth="2.3" />
      <circle className={styles["signDot"]} cx="12" cy="17.3" r="1.35" />
    </>
  ),
  late: (
    <>
      <circle cx="12" cy="12" r="9.3" strokeWidth="1.9" />
      <path d="M12 6.8V12l3.6 2.4" strokeWidth="1.9" />
    </>
  ),
  info: (
    <>
      <circle cx="12" cy="12" r="9.5" strokeWidth="2" />
      <path d="M12 11v6" strokeWidth="2.2" />
      <circle className={styles["solid"]} cx="12" cy="7.4" r="1.4" />
    </>
  ),
  safe: (
    <>
      <circle cx="12" cy="12" r="9.5" strokeWidth="1.6" />
      <path d="m7.8 12.4 2.9 2.9 5.6-6" strokeWidth="2.1" />
    </>
  ),
};
