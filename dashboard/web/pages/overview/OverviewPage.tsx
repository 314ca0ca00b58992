import { useEffect, useState } from "react";
import type { Severity } from "../../components/severity.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { screenZone } from "../../app/screen-zone.ts";
import { useMinute } from "../../design/clock.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { overviewTexts } from "../../i18n/overview.ts";
import { LeftOut } from "../../kitchens/LeftOut.tsx";
import { keepOrder } from "../../kitchens/standing.ts";
import { type Kitchens, useKitchens } from "../../kitchens/useKitchens.ts";
import { KitchenTable } from "./KitchenTable.tsx";
import { OpenAlerts } from "./OpenAlerts.tsx";
import styles from "./OverviewPage.module.css";
import { StateChips } from "./StateChips.tsx";
import { titleOf } from "./summary.ts";

/** Every kitchen that the person may see, worst first, and what is open now. */
export function OverviewPage() {
  const t = useTexts(overviewTexts);
  const format = useFormat();
  const kitchens = useKitchens();
  const { standings, isLoading, error, leftOut, retry } = kitchens;
  const today = format.date(useMinute(), screenZone);
  const isEmpty = standings.length === 0;
  if (isEmpty && isLoading && error === null) {
    return (
      <>
        <PageHead title={t.title.loading} />
        <Skeleton lines={4} />
      </>
    );
  }
  return (
    <>
      <PageHead
        title={
          isEmpty && error !== null
            ? t.title.loading
            : titleOf({ standings, leftOut: leftOut.count }, t, format)
        }
        about={t.about(today, format.number(standings.length + leftOut.count))}
      />
      {error !== null && <ErrorState error={error} text={t.failed} onRetry={retry} />}
      {isEmpty ? error === null && <EmptyState text={t.none} /> : <Standings {...kitchens} />}
    </>
  );
}

function Standings({ standings, isLoading, leftOut, checkedAtMs }: Kitchens) {
  const t = useTexts(overviewTexts);
  const [order, setOrder] = useState<readonly string[] | null>(null);
  const [only, setOnly] = useState<Severity | null>(null);
  const idsOf = () => standings.map(({ snapshot }) => snapshot.kitchen.sppgId);
  useEffect(() => {
    // The order of the first whole picture stays, until the person asks for another.
    if (!isLoading && order === null) {
      setOrder(standings.map(({ snapshot }) => snapshot.kitchen.sppgId));
    }
  }, [isLoading, order, standings]);
  const { shown, isOtherOrder } = keepOrder(standings, order);
  const kept = shown.filter(({ severity }) => only === null || severity === only);
  return (
    <div className={styles["columns"]}>
      <div className={styles["main"]}>
        {standings.length > 1 && <StateChips standings={standings} only={only} onOnly={setOnly} />}
        {isOtherOrder && (
          <Button look="quiet" onClick={() => setOrder(idsOf())}>
            {t.orderChanged}
          </Button>
        )}
        <KitchenTable standings={kept} />
        <LeftOut leftOut={leftOut} />
      </div>
      <OpenAlerts standings={standings} checkedAtMs={checkedAtMs} />
    </div>
  );
}
