import { type ReactNode, useId } from "react";
import styles from "./RulesPage.module.css";

/** A label over its control, with what is wrong or worth knowing below; `id` is the control's. */
export function Field(props: {
  label: string;
  unit?: string;
  hint?: string | undefined;
  fault?: string | undefined;
  /** As wide as the form: for sentences. */
  isWide?: boolean;
  children: (id: string, describedBy: string | undefined) => ReactNode;
}) {
  const { label, unit, hint, fault, isWide = false, children } = props;
  const id = useId();
  const said = fault ?? hint;
  const saidId = `${id}-said`;
  return (
    <div
      className={[
        styles["field"],
        fault === undefined ? "" : styles["wrong"],
        isWide ? styles["wide"] : "",
      ].join(" ")}
    >
      <label htmlFor={id}>
        {label}
        {unit !== undefined && unit !== "" && <span> ({unit})</span>}
      </label>
      {children(id, said === undefined ? undefined : saidId)}
      {said !== undefined && <p id={saidId}>{said}</p>}
    </div>
  );
}
