import type { ComponentProps } from "react";
import styles from "./Button.module.css";

/** `primary` once a card; `wet` is as high as a wet hand needs; `critical` only on a red card. */
export interface ButtonLook {
  look?: "primary" | "plain" | "quiet";
  tone?: "usual" | "critical";
  size?: "usual" | "wet";
}

export function Button(props: ButtonLook & ComponentProps<"button">) {
  const { look = "plain", tone = "usual", size = "usual", type = "button", ...rest } = props;
  return <button {...rest} type={type} className={buttonClass({ look, tone, size })} />;
}

/** For a link that looks like a button. */
export function buttonClass({
  look = "plain",
  tone = "usual",
  size = "usual",
}: ButtonLook): string {
  const classes = [styles["button"], styles[look]];
  if (tone === "critical") classes.push(styles["critical"]);
  if (size === "wet") classes.push(styles["wet"]);
  return classes.join(" ");
}
