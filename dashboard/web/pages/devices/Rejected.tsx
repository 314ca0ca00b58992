import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { call } from "../../api/page-api.ts";
import { Button } from "../../components/Button.tsx";
import { ErrorState } from "../../components/Notice.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import styles from "./DevicesPage.module.css";

const shownFirst = 3;
const shownMax = 50;

/** What a device has sent and nobody could read, newest first, with what to change. */
export function Rejected({
  sppgId,
  deviceId,
  counts,
  timeZone,
}: {
  sppgId: string;
  deviceId: string;
  counts: { total: number; kept: number };
  timeZone: KitchenTimeZone;
}) {
  const t = useTexts(devicesTexts).rejected;
  const format = useFormat();
  const [limit, setLimit] = useState(shownFirst);
  const { total, kept } = counts;
  const { data, error, refetch } = useQuery({
    // The count: a new letter is read when the status tells of it.
    queryKey: ["dead-letters", sppgId, deviceId, limit, total],
    queryFn: ({ signal }) =>
      call("listDeadLetters", { params: { sppgId }, query: { device: deviceId, limit }, signal }),
    enabled: total > 0,
    placeholderData: (before) => before,
  });
  const reasons = new Map<string, string>(Object.entries(t.reason));
  return (
    <section className={styles["rejected"]} aria-label={t.heading}>
      <h3>{t.heading}</h3>
      <p>{total === 0 ? t.none : t.about(format.number(kept), format.number(total))}</p>
      {error !== null && (
        <ErrorState error={error} text={t.failed} onRetry={() => void refetch()} />
      )}
      <ol>
        {(data?.deadLetters ?? []).map((letter, at) => (
          <li key={`${letter.receivedTimeMs}-${letter.number}-${at}`}>
            <p>
              <b>{reasons.get(letter.reason) ?? t.other}</b>
            </p>
            <p className={styles["meta"]}>
              {format.dateTime(letter.receivedTimeMs, timeZone)} ·{" "}
              {t.bytes(format.number(letter.payloadBytes))} ·{" "}
              <span className="mono">{letter.reason}</span>
            </p>
            <p className={styles["meta"]}>
              <span className="mono">{letter.topicName}</span>
            </p>
            {letter.detail !== "" && <p className={styles["meta"]}>{letter.detail}</p>}
            <code className={styles["code"]}>{letter.preview}</code>
          </li>
        ))}
      </ol>
      {kept > limit && limit < shownMax && (
        <Button look="quiet" onClick={() => setLimit(shownMax)}>
          {t.more}
        </Button>
      )}
    </section>
  );
}
