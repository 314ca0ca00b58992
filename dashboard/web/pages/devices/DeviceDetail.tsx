import type { ReactNode } from "react";
import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { serverClock } from "../../api/page-api.ts";
import { Age } from "../../components/Age.tsx";
import { Button } from "../../components/Button.tsx";
import { Banner } from "../../components/Notice.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import { Battery } from "./Battery.tsx";
import { codecLabel, deviceName } from "./device-name.ts";
import type { Device, DeviceView, Statuses } from "./device-view.ts";
import styles from "./DevicesPage.module.css";
import { Rejected } from "./Rejected.tsx";
import { SetupHelp } from "./SetupHelp.tsx";
import { useAdvice } from "./useAdvice.ts";

export type DeviceAct =
  | { kind: "edit" | "rotate" | "revoke" | "enable"; device: Device }
  | { kind: "adopt"; gatewayId: string; childId: string };

/** One device: what it does, what can be done with it, what of it was rejected. */
export function DeviceDetail({
  sppgId,
  timeZone,
  view,
  views,
  statuses,
  onAct,
}: {
  sppgId: string;
  timeZone: KitchenTimeZone;
  view: DeviceView;
  views: readonly DeviceView[];
  statuses: Statuses | null;
  onAct: (act: DeviceAct) => void;
}) {
  const t = useTexts(devicesTexts);
  const words = useWords();
  const { may } = useSession();
  const say = useAdvice(timeZone);
  const { device, status, advice } = view;
  const { deviceId, enabled } = device;
  const name = deviceName(
    device,
    views.map((one) => one.device),
    { words, texts: t },
  );
  return (
    <section className={styles["detail"]} aria-label={t.detail}>
      <header>
        <h2>{name}</h2>
        <p className={styles["meta"]}>
          <span className="mono">{deviceId}</span>
        </p>
      </header>
      {!enabled && <Banner tone="silent">{t.revokedBanner}</Banner>}
      {advice !== null && <p className={styles["advice"]}>{say(advice)}</p>}
      <Facts view={view} views={views} timeZone={timeZone} />
      {may("editDevice") && <Acts device={device} onAct={onAct} />}
      <Unknown view={view} statuses={statuses} onAct={onAct} />
      {enabled && may("rotateDevice") && statuses !== null && (
        <SetupHelp address={{ sppgId, device, mqtt: statuses.mqtt, password: null, timeZone }} />
      )}
      {may("listDeadLetters") && status !== null && (
        <Rejected
          key={deviceId}
          sppgId={sppgId}
          deviceId={deviceId}
          counts={status.deadLetters}
          timeZone={timeZone}
        />
      )}
    </section>
  );
}

function Acts({ device, onAct }: { device: Device; onAct: (act: DeviceAct) => void }) {
  const t = useTexts(devicesTexts);
  return (
    <div className={styles["deviceActs"]}>
      <Button onClick={() => onAct({ kind: "edit", device })}>{t.edit}</Button>
      {device.enabled ? (
        <>
          <Button onClick={() => onAct({ kind: "rotate", device })}>{t.rotate}</Button>
          <Button onClick={() => onAct({ kind: "revoke", device })}>{t.revoke}</Button>
        </>
      ) : (
        <Button look="primary" onClick={() => onAct({ kind: "enable", device })}>
          {t.enable}
        </Button>
      )}
    </div>
  );
}

function Facts({
  view,
  views,
  timeZone,
}: {
  view: DeviceView;
  views: readonly DeviceView[];
  timeZone: KitchenTimeZone;
}) {
  const t = useTexts(devicesTexts);
  const words = useWords();
  const format = useFormat();
  const { device, status } = view;
  const { expectedIntervalSeconds } = device;
  const rate = status?.messagesPerMinute ?? null;
  const eventTimeMs = status?.eventTimeMs ?? null;
  const batteryPct = status?.batteryPct ?? null;
  const facts: readonly [string, ReactNode][] = [
    [t.facts.heard, <Heard key="heard" view={view} timeZone={timeZone} />],
    [t.facts.event, eventTimeMs === null ? t.never : format.dateTime(eventTimeMs, timeZone)],
    [t.facts.link, useLinkText(view, views, timeZone)],
    [
      t.facts.battery,
      batteryPct === null ? t.batteryUnknown : <Battery key="battery" batteryPct={batteryPct} />,
    ],
    [
      t.facts.rate,
      rate === null ? words.unknown : `${format.number(rate, 1)} · ${t.facts.rateAbout}`,
    ],
    [t.facts.interval, format.exactDuration(expectedIntervalSeconds * 1_000)],
    [t.facts.kind, t.kind[device.kind]],
    [t.facts.codec, device.codec === null ? t.native : codecLabel(device.codec)],
    [t.facts.added, format.date(device.createdAtMs, timeZone)],
  ];
  return (
    <dl className={styles["facts"]}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Of a revoked device nothing is fresh, and nothing late either: the time says all. */
function Heard({
  view: { device, heardAtMs },
  timeZone,
}: {
  view: DeviceView;
  timeZone: KitchenTimeZone;
}) {
  const t = useTexts(devicesTexts);
  const format = useFormat();
  const { enabled, expectedIntervalSeconds } = device;
  if (enabled) {
    return <Age lastHeardAtMs={heardAtMs} expectedIntervalSeconds={expectedIntervalSeconds} />;
  }
  return heardAtMs === null
    ? t.never
    : format.dateTime(serverClock.toServerMs(heardAtMs), timeZone);
}

function useLinkText(
  { device, status }: DeviceView,
  views: readonly DeviceView[],
  timeZone: KitchenTimeZone,
): string {
  const t = useTexts(devicesTexts);
  const words = useWords();
  const format = useFormat();
  const presence = status?.presence ?? null;
  if (presence !== null) {
    const since = format.dateTime(presence.sinceMs, timeZone);
    return presence.isOnline ? t.link.online(since) : t.link.offline(since);
  }
  const devices = views.map((one) => one.device);
  const gateway = devices.find(({ deviceId }) => deviceId === device.gatewayId);
  if (gateway === undefined) return t.link.unknown;
  return t.link.gateway(deviceName(gateway, devices, { words, texts: t }));
}

/** Children that a gateway speaks of and nobody has added. */
function Unknown({
  view,
  statuses,
  onAct,
}: {
  view: DeviceView;
  statuses: Statuses | null;
  onAct: (act: DeviceAct) => void;
}) {
  const t = useTexts(devicesTexts);
  const { may } = useSession();
  const { deviceId } = view.device;
  const children = (statuses?.unknownChildren ?? []).filter((one) => one.gatewayId === deviceId);
  if (children.length === 0) return null;
  return (
    <section className={styles["unknown"]} aria-label={t.adoptHeading}>
      <h3>{t.adoptHeading}</h3>
      <p>{t.adoptAbout}</p>
      <ul>
        {children.map(({ gatewayId, childId }) => (
          <li key={childId}>
            <span className="mono">{childId}</span>
            {may("addDevice") && (
              <Button onClick={() => onAct({ kind: "adopt", gatewayId, childId })}>
                {t.adopt}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
