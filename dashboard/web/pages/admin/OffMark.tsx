import styles from "./Admin.module.css";

/** A ring with a bar through it, always beside the word that says the same. */
export function OffMark() {
  return (
    <svg className={styles["mark"]} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="9.3" />
      <path d="M7 12h10" />
    </svg>
  );
}
