import { useMemo } from "react";
import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { sayTime } from "../../app/say-time.ts";
import { Button } from "../../components/Button.tsx";
import { SeverityMark } from "../../components/SeverityMark.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import styles from "./DeviceForms.module.css";
import type { Device, DeviceLogin, MqttDoor } from "./device-view.ts";
import { qrPathOf } from "./qr-path.ts";
import { SetupHelp } from "./SetupHelp.tsx";

export interface Issued {
  device: Device;
  login: DeviceLogin;
  /** In the page's clock: what is heard after it used the new login, or the old one's overlap. */
  issuedAtMs: number;
}

/** A login, this once: to read, to copy, to scan, and to try; it says when the device is heard. */
export function LoginPanel({
  issued,
  mqtt,
  timeZone,
  heardAtMs,
  onDone,
}: {
  issued: Issued;
  mqtt: MqttDoor;
  timeZone: KitchenTimeZone;
  heardAtMs: number | null;
  onDone: () => void;
}) {
  const t = useTexts(devicesTexts).login;
  const { device, login } = issued;
  const tlsFacts: readonly [string, string][] =
    mqtt.tlsPort === null ? [] : [[t.tlsPort, String(mqtt.tlsPort)]];
  const facts: readonly (readonly [string, string])[] = [
    [t.host, mqtt.host],
    [t.port, String(mqtt.port)],
    ...tlsFacts,
    [t.clientId, login.clientId],
    [t.username, login.username],
    [t.password, login.password],
    [t.topic, login.topic],
  ];
  const { sppgId } = login;
  return (
    <div className={styles["login"]}>
      <p className={styles["once"]}>{t.once}</p>
      <div className={styles["columns"]}>
        <dl className={styles["facts"]}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <LoginQr login={login} mqtt={mqtt} />
      </div>
      {mqtt.isLoopbackOnly && <p className={styles["hint"]}>{t.loopback}</p>}
      <SetupHelp address={{ sppgId, device, mqtt, password: login.password, timeZone }} />
      <div className={styles["foot"]}>
        <Heard heardAtMs={heardAtMs} sinceMs={issued.issuedAtMs} timeZone={timeZone} />
        <Button look="primary" size="wet" onClick={onDone}>
          {t.done}
        </Button>
      </div>
    </div>
  );
}

/** What it holds is told in this folder's README. */
function LoginQr({ login, mqtt }: { login: DeviceLogin; mqtt: MqttDoor }) {
  const t = useTexts(devicesTexts).login;
  const { host, port } = mqtt;
  const text = JSON.stringify({ ...login, host, port });
  const { size, path } = useMemo(() => qrPathOf(text), [text]);
  return (
    <figure className={styles["qr"]}>
      <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t.qr} shapeRendering="crispEdges">
        <rect className={styles["qrGround"]} width={size} height={size} />
        <path className={styles["qrDark"]} d={path} />
      </svg>
      <figcaption>{t.qrAbout}</figcaption>
    </figure>
  );
}

function Heard({
  heardAtMs,
  sinceMs,
  timeZone,
}: {
  heardAtMs: number | null;
  sinceMs: number;
  timeZone: KitchenTimeZone;
}) {
  const t = useTexts(devicesTexts).login;
  const format = useFormat();
  const isHeard = heardAtMs !== null && heardAtMs >= sinceMs;
  return (
    <p className={styles["heard"]} role="status">
      <SeverityMark severity={isHeard ? "safe" : "late"} label="none" />
      {isHeard ? t.heard(sayTime(format, heardAtMs, timeZone)) : t.waiting}
    </p>
  );
}
