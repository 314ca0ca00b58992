import { Component, type ReactNode, useEffect } from "react";
import { useTexts } from "../i18n/LanguageProvider.tsx";
import { wallTexts } from "../i18n/wall.ts";
import { entryChanged } from "./new-version.ts";
import styles from "./App.module.css";

/** Nobody stands before a wall to press a button: it reloads by itself. */
export class WallBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Restart /> : this.props.children;
  }
}

/** Seldom enough that a fault which comes back at once does not storm the server. */
const restartMs = 15_000;

function Restart() {
  const texts = useTexts(wallTexts);
  useEffect(() => {
    const reload = async (): Promise<void> => {
      // Not before the server answers: the browser's own page of an error never comes back.
      if ((await entryChanged()) !== "unreachable") window.location.reload();
    };
    const timer = setInterval(() => void reload(), restartMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <main className={styles["alone"]} role="alert">
      <h1>{texts.restart}</h1>
    </main>
  );
}
