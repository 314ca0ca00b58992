import type { ReactNode } from "react";
import styles from "./Chips.module.css";

/** A row of filters; on a phone it scrolls sideways. */
export function Chips({ children }: { children: ReactNode }) {
  return (
    <div className={styles["chips"]} role="group">
      {children}
    </div>
  );
}

/** For a link that looks like a chip; `aria-current` says that it is the chosen one. */
export const chipClass: string = styles["chip"] ?? "";

export function Chip({
  isOn,
  onPress,
  children,
}: {
  isOn: boolean;
  onPress: () => void;
  children: ReactNode;
}) {
  return (
    <button type="button" className={styles["chip"]} aria-pressed={isOn} onClick={onPress}>
      {children}
    </button>
  );
}
