import { Age } from "../../components/Age.tsx";
import { Icon } from "../../components/Icon.tsx";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { Battery } from "./Battery.tsx";
import { deviceName } from "./device-name.ts";
import { type DeviceView, groupDevices } from "./device-view.ts";
import styles from "./DeviceTable.module.css";

/** Every device below its gateway; on a phone each row is a card. */
export function DeviceTable({
  views,
  chosenId,
  onChoose,
}: {
  views: readonly DeviceView[];
  chosenId: string | null;
  onChoose: (deviceId: string) => void;
}) {
  const t = useTexts(devicesTexts);
  const { columns } = t;
  const groups = groupDevices(views);
  return (
    <table className={styles["table"]}>
      <thead>
        <tr>
          <th scope="col">{t.table}</th>
          <th scope="col" className={styles["place"]}>
            {columns.place}
          </th>
          <th scope="col">{columns.heard}</th>
          <th scope="col">{columns.battery}</th>
          <th scope="col" className={styles["number"]}>
            {columns.rate}
          </th>
          <th scope="col">{columns.rejected}</th>
        </tr>
      </thead>
      {groups.map(({ gateway, children }) => (
        <tbody key={gateway?.device.deviceId ?? ""}>
          {[...(gateway === null ? [] : [gateway]), ...children].map((view) => (
            <Row
              key={view.device.deviceId}
              view={view}
              views={views}
              isChild={gateway !== null && view !== gateway}
              isChosen={view.device.deviceId === chosenId}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function Row({
  view,
  views,
  isChild,
  isChosen,
  onChoose,
}: {
  view: DeviceView;
  views: readonly DeviceView[];
  isChild: boolean;
  isChosen: boolean;
  onChoose: (deviceId: string) => void;
}) {
  const t = useTexts(devicesTexts);
  const words = useWords();
  const { device, status, severity } = view;
  const { deviceId, kind, place } = device;
  const classes = [
    kind === "gateway" ? styles["gateway"] : "",
    isChild ? styles["child"] : "",
    isChosen ? styles["chosen"] : "",
    severity === null ? "" : (styles[severity] ?? ""),
    device.enabled ? "" : styles["revoked"],
  ];
  const devices = views.map((one) => one.device);
  return (
    <tr className={classes.filter(Boolean).join(" ")}>
      <th scope="row">
        <button
          type="button"
          className={styles["name"]}
          aria-pressed={isChosen}
          onClick={() => onChoose(deviceId)}
        >
          {kind === "gateway" && <Icon name="devices" />}
          {deviceName(device, devices, { words, texts: t })}
        </button>
        <span className={styles["id"]}>{deviceId}</span>
      </th>
      <td data-label={t.columns.place} className={styles["place"]}>
        {place === null ? t.noPlace : words.place[place]}
      </td>
      <td data-label={t.columns.heard}>
        {device.enabled ? (
          <Age
            lastHeardAtMs={view.heardAtMs}
            expectedIntervalSeconds={device.expectedIntervalSeconds}
          />
        ) : (
          <span className={styles["off"]}>
            <Icon name="lock" />
            {t.revoked}
          </span>
        )}
      </td>
      <td data-label={t.columns.battery}>
        {typeof status?.batteryPct === "number" ? (
          <Battery batteryPct={status.batteryPct} />
        ) : (
          <span className={styles["quiet"]}>{t.batteryUnknown}</span>
        )}
      </td>
      <Counts view={view} />
    </tr>
  );
}

function Counts({ view: { status, advice } }: { view: DeviceView }) {
  const { columns } = useTexts(devicesTexts);
  const words = useWords();
  const format = useFormat();
  const rate = status?.messagesPerMinute ?? null;
  const total = status?.deadLetters.total ?? null;
  return (
    <>
      <td data-label={columns.rate} className={styles["number"]}>
        {rate === null ? (
          <span className={styles["quiet"]}>{words.unknown}</span>
        ) : (
          format.number(rate, 1)
        )}
      </td>
      <td data-label={columns.rejected}>
        {total === null ? (
          <span className={styles["quiet"]}>{words.unknown}</span>
        ) : (
          <span className={total === 0 ? styles["quiet"] : styles["some"]}>
            {advice?.kind === "rejected" && <SeverityMark severity="warning" label="none" />}
            {format.number(total)}
          </span>
        )}
      </td>
    </>
  );
}
