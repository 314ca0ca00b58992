import { Button } from "../components/Button.tsx";
import { Icon } from "../components/Icon.tsx";
import { useNow } from "../design/clock.ts";
import { alarmTexts } from "../i18n/alarm.ts";
import { useFormat, useTexts } from "../i18n/LanguageProvider.tsx";
import styles from "./AlarmControls.module.css";
import { turnNotificationsOff, turnNotificationsOn } from "./notifications.ts";
import { pageAlarm } from "./page-alarm.ts";
import { useAlarm, useNotificationChoice } from "./useAlarm.ts";

/** Sound and notifications of this screen, for the page of alerts. */
export function AlarmControls() {
  const texts = useTexts(alarmTexts);
  return (
    <div role="group" aria-label={texts.label} className={styles["controls"]}>
      <SoundButtons />
      <NotificationButton />
    </div>
  );
}

/** The sound alone, also for the wall's foot line. */
export function SoundButtons() {
  const texts = useTexts(alarmTexts);
  const { isOn, speaker, ringingCount, mutedUntilMs } = useAlarm();
  if (!isOn) {
    return (
      <Button onClick={() => void pageAlarm.turnOn()}>
        <Icon name="muted" />
        {texts.turnOn}
      </Button>
    );
  }
  if (speaker === "none") return <span className={styles["state"]}>{texts.none}</span>;
  if (speaker === "locked") {
    return (
      <Button look="primary" title={texts.lockedAbout} onClick={() => void pageAlarm.turnOn()}>
        <Icon name="muted" />
        {texts.locked}
      </Button>
    );
  }
  return (
    <>
      {mutedUntilMs === null ? (
        <span className={styles["state"]}>
          <Icon name="sound" />
          {texts.on}
        </span>
      ) : (
        <Muted untilMs={mutedUntilMs} />
      )}
      {ringingCount > 0 && mutedUntilMs === null && (
        <Button onClick={() => pageAlarm.mute()}>{texts.mute}</Button>
      )}
      {ringingCount === 0 && <Button onClick={() => pageAlarm.test()}>{texts.test}</Button>}
      <Button look="quiet" onClick={() => pageAlarm.turnOff()}>
        {texts.turnOff}
      </Button>
    </>
  );
}

function Muted({ untilMs }: { untilMs: number }) {
  const texts = useTexts(alarmTexts);
  const format = useFormat();
  const leftMs = untilMs - useNow();
  return (
    <>
      <span className={styles["state"]}>
        <Icon name="muted" />
        {texts.muted(format.duration(leftMs))}
      </span>
      <Button onClick={() => pageAlarm.unmute()}>{texts.unmute}</Button>
    </>
  );
}

function NotificationButton() {
  const texts = useTexts(alarmTexts);
  const choice = useNotificationChoice();
  if (choice === "impossible") return null;
  if (choice === "refused") return <span className={styles["state"]}>{texts.refused}</span>;
  return choice === "on" ? (
    <Button look="quiet" onClick={turnNotificationsOff}>
      {texts.notifyOff}
    </Button>
  ) : (
    <Button onClick={() => void turnNotificationsOn()}>
      <Icon name="alerts" />
      {texts.notify}
    </Button>
  );
}
