import { type ReactNode, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { OneKitchen } from "../../kitchens/OneKitchen.tsx";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { useSession } from "../../session/SessionProvider.tsx";
import { useIsWide } from "../alerts/useIsWide.ts";
import { DeviceDetail } from "./DeviceDetail.tsx";
import { type AskedAct, DeviceDialogs } from "./DeviceDialogs.tsx";
import { DeviceTable } from "./DeviceTable.tsx";
import { adviseFirst, type DeviceView } from "./device-view.ts";
import styles from "./DevicesPage.module.css";
import { FirstThings } from "./FirstThings.tsx";
import { type Devices, useDevices } from "./useDevices.ts";

/** What measures, and whether it does: of one kitchen at a time. */
export function DevicesPage() {
  const t = useTexts(devicesTexts);
  const chosenId = new URLSearchParams(useSearch()).get("device");
  return (
    <OneKitchen path={pagePaths.devices} title={t.title.loading} failed={t.failed}>
      {(kitchen, choice) => (
        <KitchenDevices key={kitchen.sppgId} {...{ kitchen, choice, chosenId }} />
      )}
    </OneKitchen>
  );
}

interface Place {
  sppgId: string;
  deviceId: string | null;
}

function useGo(): (place: Place, isStep: boolean) => void {
  const [, navigate] = useLocation();
  return ({ sppgId, deviceId }, isStep) => {
    const search = new URLSearchParams({ kitchen: sppgId });
    if (deviceId !== null) search.set("device", deviceId);
    navigate(`${pagePaths.devices}?${search}`, { replace: !isStep });
  };
}

function KitchenDevices({
  kitchen,
  choice,
  chosenId,
}: {
  kitchen: Kitchen;
  choice: ReactNode;
  chosenId: string | null;
}) {
  const t = useTexts(devicesTexts);
  const go = useGo();
  const { may } = useSession();
  const { sppgId, timeZone } = kitchen;
  const devices = useDevices(sppgId);
  const [act, setAct] = useState<AskedAct | null>(null);
  const views = devices.views ?? [];
  const mqtt = devices.statuses?.mqtt;
  return (
    <>
      <PageHead title={useTitle(devices.views)} about={useAbout(kitchen, views)}>
        {choice}
        {may("addDevice") && mqtt !== undefined && (
          <Button look="primary" onClick={() => setAct({ kind: "add" })}>
            {t.add}
          </Button>
        )}
      </PageHead>
      <Content
        kitchen={kitchen}
        devices={devices}
        chosenId={chosenId}
        onChoose={(deviceId) => go({ sppgId, deviceId }, deviceId !== null)}
        onAct={setAct}
      />
      {act !== null && mqtt !== undefined && (
        <DeviceDialogs
          sppgId={sppgId}
          timeZone={timeZone}
          views={views}
          mqtt={mqtt}
          act={act}
          onClose={() => setAct(null)}
          onAdded={(deviceId) => go({ sppgId, deviceId }, false)}
        />
      )}
    </>
  );
}

function Content({
  kitchen,
  devices,
  chosenId,
  onChoose,
  onAct,
}: {
  kitchen: Kitchen;
  devices: Devices;
  chosenId: string | null;
  onChoose: (deviceId: string | null) => void;
  onAct: (act: AskedAct) => void;
}) {
  const t = useTexts(devicesTexts);
  const isWide = useIsWide();
  const { views, statuses, error, statusError, retry } = devices;
  if (views === null) {
    if (error === null) return <Skeleton lines={4} />;
    return <ErrorState error={error} text={t.failed} onRetry={retry} />;
  }
  const { sppgId, timeZone } = kitchen;
  const chosen = views.find(({ device }) => device.deviceId === chosenId);
  const detail = chosen !== undefined && (
    <DeviceDetail
      key={chosen.device.deviceId}
      {...{ sppgId, timeZone, views, statuses, onAct }}
      view={chosen}
    />
  );
  const failure = (error ?? statusError) !== null && (
    <ErrorState error={error ?? statusError} text={t.statusFailed} onRetry={retry} />
  );
  if (views.length === 0) return <EmptyState text={t.empty} />;
  // A phone shows one or the other, and the way back.
  if (!isWide && detail !== false) {
    return (
      <div className={styles["stack"]}>
        {failure}
        <Button look="quiet" onClick={() => onChoose(null)}>
          {t.back}
        </Button>
        {detail}
      </div>
    );
  }
  return (
    <div className={detail === false ? styles["stack"] : styles["columns"]}>
      <div className={styles["stack"]}>
        {failure}
        <FirstThings views={views} timeZone={timeZone} onChoose={onChoose} />
        <div className={styles["list"]}>
          <DeviceTable views={views} chosenId={chosenId} onChoose={onChoose} />
        </div>
      </div>
      {detail !== false && <div className={styles["side"]}>{detail}</div>}
    </div>
  );
}

function useTitle(views: readonly DeviceView[] | null): string {
  const { title } = useTexts(devicesTexts);
  if (views === null) return title.loading;
  if (views.length === 0) return title.none;
  const advised = adviseFirst(views);
  const gateways = advised.filter(({ advice }) => advice.kind === "gatewaySilent").length;
  const silent = views.filter(({ severity }) => severity === "silent").length;
  const missing = advised.filter(({ advice }) => advice.kind === "missing").length;
  if (gateways > 0) return title.gateway(gateways);
  if (silent > 0) return title.silent(silent);
  if (advised.length > missing) return title.check(advised.length - missing);
  return missing > 0 ? title.missing(missing) : title.fine;
}

function useAbout(kitchen: Kitchen, views: readonly DeviceView[]): string {
  const { about } = useTexts(devicesTexts);
  const format = useFormat();
  const enabled = views.filter(({ device }) => device.enabled);
  const fresh = enabled.filter(({ freshness }) => freshness === "fresh").length;
  return about(kitchen.name, format.number(views.length), format.number(fresh));
}
