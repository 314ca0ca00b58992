import { useRef, useState } from "react";
import { Button } from "../../components/Button.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import styles from "./DevicesPage.module.css";

/** Text to paste elsewhere. Where a page may not copy, the text is selected instead. */
export function CopyText({ label, text }: { label: string; text: string }) {
  const t = useTexts(devicesTexts);
  const code = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    if (code.current !== null) getSelection()?.selectAllChildren(code.current);
    // Over plain HTTP there is no clipboard; what is selected can be copied by hand.
    if (!window.isSecureContext) return;
    await navigator.clipboard.writeText(text);
    setCopied(text);
  };
  return (
    <div className={styles["copy"]}>
      <code ref={code} aria-label={label} className={styles["code"]} tabIndex={0} role="group">
        {text}
      </code>
      <Button onClick={() => void copy()}>{copied === text ? t.copied : t.copy}</Button>
    </div>
  );
}
