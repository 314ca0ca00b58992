import { useEffect, useRef } from "react";
import { ErrorState } from "../components/Notice.tsx";
import { backoffMs } from "../realtime/backoff.ts";
import styles from "./App.module.css";

/** Who is signed in can't be known now. It is asked again by itself: a wall has no hands. */
export function Unreachable({ error, retry }: { error: unknown; retry: () => void }) {
  const again = useRef(retry);
  const attempts = useRef(0);
  useEffect(() => {
    again.current = retry;
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const schedule = (): void => {
      // Half of it at least: this is no moment to storm a server that is starting.
      const waitMs = 1_000 + backoffMs(attempts.current, Math.random);
      attempts.current += 1;
      timer = setTimeout(() => {
        again.current();
        schedule();
      }, waitMs);
    };
    const onOnline = (): void => again.current();
    schedule();
    window.addEventListener("online", onOnline);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", onOnline);
    };
  }, []);
  return (
    <main className={styles["alone"]}>
      <ErrorState error={error} onRetry={retry} />
    </main>
  );
}
