import { Fragment } from "react";
import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { deviceName } from "./device-name.ts";
import { adviseFirst, type Device, type DeviceView } from "./device-view.ts";
import styles from "./DevicesPage.module.css";
import { useAdvice } from "./useAdvice.ts";

/** More than this nobody does "first". */
const shownMax = 4;
const namedMax = 6;

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
  const all = adviseFirst(views);
  if (all.length === 0) return null;
  // Many that wait to be installed are one thing to do.
  const missing = all.filter(({ advice }) => advice.kind === "missing");
  const advised = missing.length > 1 ? all.filter((one) => !missing.includes(one)) : all;
  const devices = views.map(({ device }) => device);
  const nameOf = (device: Device) => deviceName(device, devices, { words, texts: t });
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
                {nameOf(device)}
              </button>{" "}
              {say(advice)}
            </p>
          </li>
        ))}
        {missing.length > 1 && (
          <li>
            <SeverityMark severity="info" label="none" size="large" />
            <p>
              <b>{t.title.missing(missing.length)}:</b>{" "}
              {missing.slice(0, namedMax).map(({ device }, at) => (
                <Fragment key={device.deviceId}>
                  {at > 0 && ", "}
                  <button type="button" onClick={() => onChoose(device.deviceId)}>
                    {nameOf(device)}
                  </button>
                </Fragment>
              ))}
              {missing.length > namedMax && ", …"}. {t.missingMany}
            </p>
          </li>
        )}
      </ul>
      {advised.length > shownMax && (
        <p className={styles["meta"]}>{t.moreFirst(format.number(advised.length - shownMax))}</p>
      )}
    </section>
  );
}
