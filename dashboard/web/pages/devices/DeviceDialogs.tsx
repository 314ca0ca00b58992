import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { call } from "../../api/page-api.ts";
import { useCommandKey } from "../../api/useCommandKey.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { EnableDialog, RevokeDialog, RotateDialog } from "./ConfirmDialogs.tsx";
import { DeviceForm } from "./DeviceForm.tsx";
import type { DeviceAct } from "./DeviceDetail.tsx";
import type { DeviceFields } from "./device-fields.ts";
import { deviceName } from "./device-name.ts";
import type { Device, DeviceView, MqttDoor } from "./device-view.ts";
import { type Issued, LoginPanel } from "./LoginPanel.tsx";
import { refreshDevices } from "./useDevices.ts";

export type AskedAct = DeviceAct | { kind: "add" };

export interface DialogsProps {
  sppgId: string;
  timeZone: KitchenTimeZone;
  views: readonly DeviceView[];
  mqtt: MqttDoor;
  act: AskedAct;
  onClose: () => void;
  onAdded: (deviceId: string) => void;
}

/** The dialog of an act: what it asks first, then the login that it made, if it made one. */
export function DeviceDialogs(props: DialogsProps) {
  const { timeZone, views, mqtt, onClose } = props;
  const t = useTexts(devicesTexts);
  const words = useWords();
  const [issued, setIssued] = useState<Issued | null>(null);
  const devices = views.map(({ device }) => device);
  if (issued === null) return <Question {...props} devices={devices} onIssued={setIssued} />;
  const { deviceId } = issued.device;
  const known = devices.find((device) => device.deviceId === deviceId);
  const name = deviceName(known ?? issued.device, devices, { words, texts: t });
  const view = views.find(({ device }) => device.deviceId === deviceId);
  return (
    <Dialog key="login" title={t.login.title(name)} onClose={onClose}>
      <LoginPanel
        issued={issued}
        mqtt={mqtt}
        timeZone={timeZone}
        heardAtMs={view?.heardAtMs ?? null}
        onDone={onClose}
      />
    </Dialog>
  );
}

type QuestionProps = DialogsProps & {
  devices: readonly Device[];
  onIssued: (issued: Issued) => void;
};

function Question(props: QuestionProps) {
  const { act, devices, onClose } = props;
  const t = useTexts(devicesTexts);
  const words = useWords();
  const acts = useActs(props);
  const gateways = devices.filter(({ kind, enabled }) => kind === "gateway" && enabled);
  if (act.kind === "add" || act.kind === "adopt") {
    const given = act.kind === "add" ? {} : { deviceId: act.childId, gatewayId: act.gatewayId };
    return (
      <Dialog title={t.form.addTitle} onClose={onClose}>
        <DeviceForm
          given={given}
          gateways={gateways}
          submit={(fields) => acts.add(fields)}
          onCancel={onClose}
        />
      </Dialog>
    );
  }
  const { device } = act;
  const asked = { name: deviceName(device, devices, { words, texts: t }), onClose };
  if (act.kind === "edit") {
    return (
      <Dialog title={t.form.editTitle(device.deviceId)} onClose={onClose}>
        <DeviceForm
          device={device}
          gateways={gateways}
          submit={(fields) => acts.edit(device, fields)}
          onCancel={onClose}
        />
      </Dialog>
    );
  }
  if (act.kind === "rotate") {
    return <RotateDialog {...asked} rotate={(overlap) => acts.rotate(device, overlap)} />;
  }
  if (act.kind === "enable") {
    return <EnableDialog {...asked} enable={() => acts.enable(device)} />;
  }
  return <RevokeDialog {...asked} revoke={() => acts.revoke(device)} />;
}

/** Each act ends with what it made: a login to show, or nothing more to ask. */
function useActs({ sppgId, onClose, onAdded, onIssued }: QuestionProps) {
  const queries = useQueryClient();
  const keyFor = useCommandKey();
  const refresh = () => refreshDevices(queries, sppgId);
  const paramsOf = ({ deviceId }: Device) => ({ sppgId, deviceId });
  const issue = async (answer: Omit<Issued, "issuedAtMs">): Promise<void> => {
    onIssued({ ...answer, issuedAtMs: Date.now() });
    await refresh();
  };
  return {
    async add(fields: DeviceFields): Promise<void> {
      const idempotencyKey = keyFor(fields);
      await issue(await call("addDevice", { params: { sppgId }, body: fields, idempotencyKey }));
      onAdded(fields.deviceId);
    },
    async edit(device: Device, fields: DeviceFields): Promise<void> {
      const { name, place, expectedIntervalSeconds } = fields;
      const body = { name, place, expectedIntervalSeconds, expectedVersion: device.version };
      await call("editDevice", { params: paramsOf(device), body });
      await refresh();
      onClose();
    },
    async rotate(device: Device, overlapSeconds: number): Promise<void> {
      const body = { overlapSeconds };
      const idempotencyKey = keyFor({ rotate: device.deviceId, ...body });
      await issue(await call("rotateDevice", { params: paramsOf(device), body, idempotencyKey }));
    },
    async enable(device: Device): Promise<void> {
      const idempotencyKey = keyFor({ enable: device.deviceId, version: device.version });
      const params = paramsOf(device);
      await issue(await call("enableDevice", { params, body: {}, idempotencyKey }));
    },
    async revoke(device: Device): Promise<void> {
      await call("revokeDevice", { params: paramsOf(device), body: {} });
      await refresh();
      onClose();
    },
  };
}
