import { useState } from "react";
import { type DeviceKind, devicePlaces, kindFacts } from "../../../../devices/browser.ts";
import { deviceNameCharactersMax, intervalSecondsMax } from "../../../contract/index.ts";
import { Button } from "../../components/Button.tsx";
import { ErrorState } from "../../components/Notice.tsx";
import { useSubmit } from "../../components/useSubmit.ts";
import { devicesTexts } from "../../i18n/devices.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import styles from "./DeviceForms.module.css";
import { type DeviceFields, readFields } from "./device-fields.ts";
import type { Device } from "./device-view.ts";
import { Field } from "./Field.tsx";
import { NewDeviceFields } from "./NewDeviceFields.tsx";

/** All of a new device, or with `device` what may be changed of one. */
export function DeviceForm({
  device = null,
  given = {},
  gateways,
  submit,
  onCancel,
}: {
  device?: Device | null;
  /** What is known already of a new one. */
  given?: { deviceId?: string; gatewayId?: string };
  gateways: readonly Device[];
  submit: (fields: DeviceFields) => Promise<void>;
  onCancel: () => void;
}) {
  const t = useTexts(devicesTexts).form;
  const words = useWords();
  const [kind, setKind] = useState<DeviceKind>(device?.kind ?? "temperature-probe");
  const { error, isBusy, onSubmit } = useSubmit((form) => submit(readFields(form)));
  return (
    <form onSubmit={onSubmit} className={styles["form"]}>
      {device === null && (
        <NewDeviceFields given={given} gateways={gateways} kind={kind} onKind={setKind} />
      )}
      <CommonFields device={device} kind={kind} />
      {error !== null && <ErrorState error={error} />}
      <div className={styles["acts"]}>
        <Button size="wet" onClick={onCancel}>
          {words.cancel}
        </Button>
        <Button type="submit" look="primary" size="wet" disabled={isBusy}>
          {device === null ? t.submit : t.save}
        </Button>
      </div>
    </form>
  );
}

/** What may be changed later, too. */
function CommonFields({ device, kind }: { device: Device | null; kind: DeviceKind }) {
  const t = useTexts(devicesTexts).form;
  const words = useWords();
  const interval = device?.expectedIntervalSeconds ?? kindFacts[kind].expectedIntervalSeconds;
  return (
    <>
      <Field label={t.name} about={t.nameAbout}>
        {(id, aboutId) => (
          <input
            id={id}
            aria-describedby={aboutId}
            name="name"
            maxLength={deviceNameCharactersMax}
            defaultValue={device?.name ?? ""}
          />
        )}
      </Field>
      <div className={styles["pair"]}>
        <Field label={t.place}>
          {(id) => (
            <select
              id={id}
              name="place"
              key={kind}
              defaultValue={(device === null ? kindFacts[kind].place : device.place) ?? ""}
            >
              <option value="">{t.placeNone}</option>
              {devicePlaces.map((place) => (
                <option key={place} value={place}>
                  {words.place[place]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t.interval}>
          {(id) => (
            <input
              id={id}
              name="interval"
              type="number"
              min={1}
              max={intervalSecondsMax}
              required
              key={kind}
              defaultValue={interval}
            />
          )}
        </Field>
      </div>
    </>
  );
}
