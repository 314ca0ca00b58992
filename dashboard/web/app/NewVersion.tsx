import { useEffect, useState } from "react";
import { Button } from "../components/Button.tsx";
import { useWords } from "../i18n/LanguageProvider.tsx";
import { entryChanged } from "./new-version.ts";
import styles from "./NewVersion.module.css";

/** Versions come in weeks; whoever comes back to the page asks at once. */
const askMs = 15 * 60_000;

/** Says that there is a newer page. It reloads only when asked: somebody may be typing. */
export function NewVersion() {
  const words = useWords();
  const isNew = useIsNewVersion();
  if (!isNew) return null;
  return (
    <div className={styles["toast"]} role="status">
      <span>{words.newVersion.text}</span>
      <Button look="primary" onClick={() => window.location.reload()}>
        {words.newVersion.reload}
      </Button>
    </div>
  );
}

function useIsNewVersion(): boolean {
  const [isNew, setIsNew] = useState(false);
  useEffect(() => {
    if (!import.meta.env.PROD) return undefined;
    const ask = async (): Promise<void> => {
      if (document.visibilityState !== "visible") return;
      if ((await entryChanged()) === "changed") setIsNew(true);
    };
    const onVisible = (): void => void ask();
    const timer = setInterval(() => void ask(), askMs);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, []);
  return isNew;
}
