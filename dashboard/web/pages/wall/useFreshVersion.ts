import { useEffect, useRef } from "react";
import { entryChanged } from "../../app/new-version.ts";

/** Minutes, because versions come in weeks; and each wall asks at its own moment. */
const askMs = 5 * 60_000;

/** Reloads the page when a new version is there and nothing critical is on the wall. */
export function useFreshVersion(isIdle: boolean): void {
  const idle = useRef(isIdle);
  useEffect(() => {
    idle.current = isIdle;
  });
  useEffect(() => {
    const ask = async (): Promise<void> => {
      if (!idle.current || (await entryChanged()) !== "changed") return;
      // It may have become critical meanwhile: the next time is soon enough.
      if (idle.current) window.location.reload();
    };
    const timer = setInterval(() => void ask(), askMs * (0.9 + Math.random() * 0.2));
    // After an outage the server is often another one.
    const onOnline = (): void => void ask();
    window.addEventListener("online", onOnline);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", onOnline);
    };
  }, []);
}
