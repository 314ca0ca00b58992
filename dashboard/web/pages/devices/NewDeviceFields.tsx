import { codecNames, type DeviceKind, deviceKinds } from "../../../../devices/browser.ts";
import { devicesTexts } from "../../i18n/devices.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import styles from "./DeviceForms.module.css";
import { codecLabel } from "./device-name.ts";
import type { Device } from "./device-view.ts";
import { Field } from "./Field.tsx";

/** What is said of a device once, when it is added. */
export function NewDeviceFields({
  given,
  gateways,
  kind,
  onKind,
}: {
  given: { deviceId?: string; gatewayId?: string };
  gateways: readonly Device[];
  kind: DeviceKind;
  onKind: (kind: DeviceKind) => void;
}) {
  const texts = useTexts(devicesTexts);
  const t = texts.form;
  return (
    <>
      <Field label={t.id} about={t.idAbout}>
        {(id, aboutId) => (
          <input
            id={id}
            aria-describedby={aboutId}
            name="deviceId"
            required
            pattern="[A-Za-z0-9_\-]{1,64}"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            defaultValue={given.deviceId ?? ""}
          />
        )}
      </Field>
      <div className={styles["pair"]}>
        <KindField kind={kind} onKind={onKind} />
        <Field label={t.codec}>
          {(id) => (
            <select id={id} name="codec" defaultValue="">
              <option value="">{texts.native}</option>
              {codecNames.map((codec) => (
                <option key={codec} value={codec}>
                  {codecLabel(codec)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {kind !== "gateway" && gateways.length > 0 && (
        <GatewayField gateways={gateways} givenId={given.gatewayId ?? ""} />
      )}
    </>
  );
}

function KindField({ kind, onKind }: { kind: DeviceKind; onKind: (kind: DeviceKind) => void }) {
  const texts = useTexts(devicesTexts);
  return (
    <Field label={texts.form.kind}>
      {(id) => (
        <select
          id={id}
          name="kind"
          value={kind}
          onChange={({ target }) => {
            const chosen = deviceKinds.find((one) => one === target.value);
            if (chosen !== undefined) onKind(chosen);
          }}
        >
          {deviceKinds.map((one) => (
            <option key={one} value={one}>
              {texts.kind[one]}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function GatewayField({ gateways, givenId }: { gateways: readonly Device[]; givenId: string }) {
  const t = useTexts(devicesTexts).form;
  return (
    <Field label={t.gateway}>
      {(id) => (
        <select id={id} name="gatewayId" defaultValue={givenId}>
          <option value="">{t.gatewayNone}</option>
          {gateways.map(({ deviceId, name }) => (
            <option key={deviceId} value={deviceId}>
              {name === null ? deviceId : `${name} (${deviceId})`}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
