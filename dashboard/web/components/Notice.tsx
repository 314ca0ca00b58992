import type { ReactNode } from "react";
import { ApiError } from "../api/api-error.ts";
import { useWords } from "../i18n/LanguageProvider.tsx";
import { Button } from "./Button.tsx";
import { SeverityMark } from "./SeverityMark.tsx";
import styles from "./Notice.module.css";

/** A sentence across the page: what is silent or offline, and what to do about it. */
export function Banner({
  tone,
  children,
}: {
  tone: "offline" | "silent" | "warning";
  children: ReactNode;
}) {
  return (
    <div className={`${styles["banner"]} ${styles[tone]}`} role="status">
      {tone === "warning" && <SeverityMark severity="warning" label="none" />}
      {tone === "silent" && <SeverityMark severity="silent" label="none" />}
      <div>{children}</div>
    </div>
  );
}

/** Nothing there: one sentence and at most one action. `good`: because all is well. */
export function EmptyState({
  good = false,
  text,
  children,
}: {
  good?: boolean;
  text: string;
  children?: ReactNode;
}) {
  return (
    <div className={styles["empty"]}>
      {good && <SeverityMark severity="safe" label="none" size="large" />}
      <p>{text}</p>
      {children}
    </div>
  );
}

/** A call that failed. A program's fault is never red: red is for the food. */
export function ErrorState({
  error,
  text,
  onRetry,
}: {
  error: unknown;
  /** What is missing on the page because of it; else what the code means. */
  text?: string;
  onRetry?: () => void;
}) {
  const words = useWords();
  const code = error instanceof ApiError ? error.code : null;
  return (
    <div className={`${styles["banner"]} ${styles["warning"]}`} role="alert">
      <SeverityMark severity="warning" label="none" />
      <div>
        <p>{text ?? problemText(words, error)}</p>
        {text !== undefined && <p className={styles["detail"]}>{problemText(words, error)}</p>}
        {code !== null && <p className={styles["code"]}>{words.problem.code(code)}</p>}
      </div>
      {onRetry !== undefined && <Button onClick={onRetry}>{words.retry}</Button>}
    </div>
  );
}

/** What went wrong, in the page's language; in general words for a code without its own. */
export function problemText(words: ReturnType<typeof useWords>, error: unknown): string {
  const { byCode, fallback } = words.problem;
  if (!(error instanceof ApiError)) return fallback;
  return new Map<string, string>(Object.entries(byCode)).get(error.code) ?? fallback;
}

/** Still grey shapes in the place of what comes. They show after 200 ms, and never move. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const words = useWords();
  return (
    <div className={styles["skeleton"]} role="status">
      <span className="visually-hidden">{words.loading}</span>
      {Array.from({ length: lines }, (_none, line) => (
        <span key={line} className={styles["bar"]} />
      ))}
    </div>
  );
}
