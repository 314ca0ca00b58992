import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { deviceName } from "./device-name.ts";
import { adviseFirst, type DeviceView } from "./device-view.ts";
import styles from "./DevicesPage.module.css";
import { useAdvice } from "./useAdvice.ts";

/** More than this nobody does "first". */
const shownMax = 4;

/** Devices that are silent or need a hand, worst first, each with what to do. */
export function FirstThings({
  views,
  timeZone,
  onChoose,
}: {
  views: readonly DeviceView[];
  timeZone: KitchenTimeZone;
  onChoose: (deviceId: string) => void;
}) {
  const t = useTexts(devicesTexts);
  const words = useWords();
  const format = useFormat();
  const say = useAdvice(timeZone);
  const advised = adviseFirst(views);
  if (advised.length === 0) return null;
  const devices = views.map(({ device }) => device);
  return (
    <section className={styles["first"]} aria-label={t.first}>
      <ul>
        {advised.slice(0, shownMax).map(({ device, advice, severity }) => (
          <li
            key={device.deviceId}
            className={severity === "silent" ? styles["silent"] : undefined}
          >
            <SeverityMark severity={severity ?? "info"} label="none" size="large" />
            <p>
              <button type="button" onClick={() => onChoose(device.deviceId)}>
                {deviceName(device, devices, { words, texts: t })}
              </button>{" "}
              {say(advice)}
            </p>
          </li>
        ))}
      </ul>
      {advised.length > shownMax && (
        <p className={styles["meta"]}>{t.moreFirst(format.number(advised.length - shownMax))}</p>
      )}
    </section>
  );
}
