import { type ReactNode, useId } from "react";
import styles from "./DeviceForms.module.css";

/** A control under its label, with what it means below. */
export function Field({
  label,
  about,
  children,
}: {
  label: string;
  about?: string;
  children: (id: string, aboutId: string | undefined) => ReactNode;
}) {
  const id = useId();
  const aboutId = about === undefined ? undefined : `${id}-about`;
  return (
    <div className={styles["field"]}>
      <label htmlFor={id}>{label}</label>
      {children(id, aboutId)}
      {about !== undefined && (
        <span id={aboutId} className={styles["hint"]}>
          {about}
        </span>
      )}
    </div>
  );
}
