import type { ReactNode } from "react";
import { useLocation, useSearch } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { useLastKitchen } from "../../app/last-kitchen.ts";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import { stockTexts } from "../../i18n/stock.ts";
import { useKitchenList } from "../../kitchens/useKitchens.ts";
import { useRealtimeInventory } from "../../realtime/useRealtimeInventory.ts";
import { useRefillAfterOutage } from "../kitchen/useReadings.ts";
import { StockBoard } from "./StockBoard.tsx";
import styles from "./StockPage.module.css";

/** What lies on each scale of a kitchen's store, live, and what moved today. */
export function StockPage() {
  const t = useTexts(stockTexts);
  const asked = new URLSearchParams(useSearch()).get("kitchen");
  const last = useLastKitchen();
  const { data, error, isPending, refetch } = useKitchenList();
  const kitchens = data?.kitchens ?? [];
  const find = (sppgId: string | null) => kitchens.find((one) => one.sppgId === sppgId);
  const chosen = find(asked) ?? find(last) ?? kitchens[0];
  if (chosen !== undefined) {
    const choice =
      kitchens.length > 1 ? <KitchenChoice kitchens={kitchens} sppgId={chosen.sppgId} /> : null;
    return <LiveStock key={chosen.sppgId} sppgId={chosen.sppgId} choice={choice} />;
  }
  return (
    <>
      <PageHead title={t.title.unknown} />
      {error !== null && (
        <ErrorState error={error} text={t.notLive.unavailable} onRetry={() => void refetch()} />
      )}
      {isPending && error === null && <Skeleton lines={4} />}
      {!isPending && error === null && <EmptyState text={t.noKitchen} />}
    </>
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

function KitchenChoice(props: {
  kitchens: readonly { sppgId: string; name: string }[];
  sppgId: string;
}) {
  const t = useTexts(stockTexts);
  const [, navigate] = useLocation();
  return (
    <select
      aria-label={t.kitchen}
      className={styles["choice"]}
      value={props.sppgId}
      onChange={({ target }) => {
        const search = new URLSearchParams({ kitchen: target.value });
        navigate(`${pagePaths.stock}?${search.toString()}`, { replace: true });
      }}
    >
      {props.kitchens
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map(({ sppgId, name }) => (
          <option key={sppgId} value={sppgId}>
            {name}
          </option>
        ))}
    </select>
  );
}
