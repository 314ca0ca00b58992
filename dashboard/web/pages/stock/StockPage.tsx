import type { ReactNode } from "react";
import { pagePaths } from "../../../contract/index.ts";
import { EmptyState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import { stockTexts } from "../../i18n/stock.ts";
import { OneKitchen } from "../../kitchens/OneKitchen.tsx";
import { useRealtimeInventory } from "../../realtime/useRealtimeInventory.ts";
import { useRefillAfterOutage } from "../kitchen/useReadings.ts";
import { StockBoard } from "./StockBoard.tsx";

/** What lies on each scale of a kitchen's store, live, and what moved today. */
export function StockPage() {
  const t = useTexts(stockTexts);
  return (
    <OneKitchen path={pagePaths.stock} title={t.title.unknown} failed={t.notLive.unavailable}>
      {({ sppgId }, choice) => <LiveStock key={sppgId} sppgId={sppgId} choice={choice} />}
    </OneKitchen>
  );
}

function LiveStock({ sppgId, choice }: { sppgId: string; choice: ReactNode }) {
  const t = useTexts(stockTexts);
  const inventory = useRealtimeInventory({ sppgId });
  useRefillAfterOutage(sppgId, inventory.state);
  if (inventory.state === "failed" || inventory.data === null) {
    return (
      <>
        <PageHead title={t.title.unknown}>{choice}</PageHead>
        {inventory.state === "failed" ? (
          <EmptyState text={t.notLive[inventory.error.code]} />
        ) : (
          <Skeleton lines={4} />
        )}
      </>
    );
  }
  const { kitchen, sensors, alerts } = inventory.data;
  // A scale may measure more than weight; what it has never sent is shown as not installed.
  const scales = sensors.filter(({ reading }) => reading === null || reading === "weight");
  return (
    <StockBoard {...{ kitchen, scales, alerts, choice }} isStale={inventory.state === "stale"} />
  );
}
