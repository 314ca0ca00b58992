import { devicesTexts } from "../../i18n/devices.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import { CopyText } from "./CopyText.tsx";
import styles from "./DevicesPage.module.css";
import { type DeviceAddress, setupText, tryLine } from "./try-line.ts";

/** A line that sends a reading, and what to enter in the device itself. */
export function SetupHelp({ address }: { address: DeviceAddress }) {
  const t = useTexts(devicesTexts).help;
  const codec = address.device.codec ?? "native";
  return (
    <div className={styles["help"]}>
      <h3>{t.heading}</h3>
      <p>{address.password === null ? t.aboutSecret : t.about}</p>
      <CopyText label={t.line} text={tryLine(address)} />
      <details>
        <summary>{t.setup}</summary>
        <p>{t[codec]}</p>
        <CopyText label={t.setup} text={setupText(address)} />
      </details>
    </div>
  );
}
