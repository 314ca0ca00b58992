import { useFormat, useWords } from "../i18n/LanguageProvider.tsx";
import type { LeftOutKitchens } from "./useKitchens.ts";
import styles from "./KitchenChoice.module.css";

/** Below what is shown of all kitchens: how many are not, and what is known of them. */
export function LeftOut({ leftOut: { count, openAlerts } }: { leftOut: LeftOutKitchens }) {
  const words = useWords();
  const format = useFormat();
  if (count === 0) return null;
  const text = words.kitchensLeftOut(format.number(count), format.number(openAlerts));
  return <p className={styles["leftOut"]}>{text}</p>;
}
