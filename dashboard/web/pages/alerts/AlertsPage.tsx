import { useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { AlarmControls } from "../../alarm/AlarmControls.tsx";
import { pagePaths } from "../../../contract/index.ts";
import { buttonClass } from "../../components/Button.tsx";
import { Chip, Chips } from "../../components/Chips.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { alertsTexts } from "../../i18n/alerts.ts";
import type { Standing } from "../../kitchens/standing.ts";
import { KitchenChoice } from "../../kitchens/KitchenChoice.tsx";
import { LeftOut } from "../../kitchens/LeftOut.tsx";
import { type Kitchens, useKitchenList, useKitchens } from "../../kitchens/useKitchens.ts";
import { type AlertFilter, alertTabs, readFilter, writeFilter } from "./alert-filter.ts";
import styles from "./AlertsPage.module.css";
import { OpenInbox } from "./OpenInbox.tsx";
import { ResolvedInbox } from "./ResolvedInbox.tsx";

/** The inbox: what is open in any kitchen, worst first, and what was. */
export function AlertsPage() {
  const t = useTexts(alertsTexts);
  const words = useWords();
  const filter = useKnownFilter();
  const kitchens = useKitchens(filter.sppgId);
  const { list, standings, isLoading, error, leftOut, checkedAtMs, retry } = kitchens;
  const shownId = useHistoryKitchen(filter, kitchens);
  const isAll = shownId === null && filter.tab !== "resolved";
  const chosen = standings.filter(({ snapshot }) => isAll || snapshot.kitchen.sppgId === shownId);
  const title = useTitle(chosen, filter);
  const ofResolved = chosen[0]?.snapshot ?? null;
  return (
    <>
      <PageHead title={title} about={useAbout(chosen, filter)}>
        <FilteredKitchen kitchens={list} shownId={shownId} filter={filter} />
        <RulesLink filter={filter} />
      </PageHead>
      <Filters filter={filter} />
      <AlarmControls />
      {error !== null && <ErrorState error={error} text={t.failed} onRetry={retry} />}
      {isLoading && standings.length === 0 && error === null && <Skeleton lines={4} />}
      {!isLoading && list.length === 0 && error === null && <EmptyState text={words.noKitchen} />}
      {chosen.length > 0 &&
        (filter.tab === "resolved" ? (
          ofResolved !== null && <ResolvedInbox snapshot={ofResolved} filter={filter} />
        ) : (
          <OpenInbox
            standings={chosen}
            filter={filter}
            isOneOfMany={list.length > 1}
            checkedAtMs={checkedAtMs}
          />
        ))}
      {isAll && <LeftOut leftOut={leftOut} />}
    </>
  );
}

/** Rules have no entry of their own: whoever asks why it fires comes from here. */
function RulesLink({ filter }: { filter: AlertFilter }) {
  const { navigation } = useWords();
  const search =
    filter.sppgId === null ? "" : `?${new URLSearchParams({ kitchen: filter.sppgId })}`;
  return (
    <Link href={`${pagePaths.rules}${search}`} className={buttonClass({})}>
      {navigation.rules}
    </Link>
  );
}

function useTitle(chosen: readonly Standing[], filter: AlertFilter): string {
  const { title } = useTexts(alertsTexts);
  const format = useFormat();
  if (filter.tab === "resolved") return title.resolved;
  const open = chosen.reduce((sum, { alerts }) => sum + alerts.length, 0);
  const unacknowledged = chosen.reduce((sum, one) => sum + one.unacknowledgedCount, 0);
  if (unacknowledged > 0) return title.unacknowledged(format.number(unacknowledged));
  return open > 0 ? title.open(format.number(open)) : title.none;
}

function useAbout(chosen: readonly Standing[], { sppgId, tab }: AlertFilter): string {
  const t = useTexts(alertsTexts);
  const format = useFormat();
  const [first] = chosen;
  const isOne = sppgId !== null || tab === "resolved" || chosen.length === 1;
  const place = isOne && first !== undefined ? first.snapshot.kitchen.name : t.allKitchens;
  const open = chosen.reduce((sum, { alerts }) => sum + alerts.length, 0);
  return tab === "resolved" ? place : t.about(place, format.number(open));
}

function useSetFilter(): (filter: AlertFilter) => void {
  const [, navigate] = useLocation();
  return (filter) => {
    const search = writeFilter(filter);
    navigate(search === "" ? pagePaths.alerts : `${pagePaths.alerts}?${search}`, { replace: true });
  };
}

function Filters({ filter }: { filter: AlertFilter }) {
  const t = useTexts(alertsTexts);
  const setFilter = useSetFilter();
  return (
    <div className={styles["filters"]}>
      <Chips>
        {alertTabs.map((tab) => (
          <Chip key={tab} isOn={tab === filter.tab} onPress={() => setFilter({ ...filter, tab })}>
            {t.tabs[tab]}
          </Chip>
        ))}
        <Chip
          isOn={filter.isCriticalOnly}
          onPress={() => setFilter({ ...filter, isCriticalOnly: !filter.isCriticalOnly })}
        >
          {t.criticalOnly}
        </Chip>
      </Chips>
    </div>
  );
}

/** A kitchen that the person may not see is none that has no alerts: then it is all of them. */
function useKnownFilter(): AlertFilter {
  const asked = readFilter(useSearch());
  const { data } = useKitchenList();
  const isKnown = data?.kitchens.some(({ sppgId }) => sppgId === asked.sppgId) ?? true;
  return isKnown ? asked : { ...asked, sppgId: null };
}

/**
 * History is read of one kitchen at a time, in the order in which it happened there: of the worst
 * when it was opened, and not of whichever is the worst by now.
 */
function useHistoryKitchen({ sppgId, tab }: AlertFilter, kitchens: Kitchens): string | null {
  const [first, setFirst] = useState<string | null>(null);
  const isOpen = tab === "resolved" && sppgId === null;
  const worst = kitchens.isLoading ? null : kitchens.standings[0]?.snapshot.kitchen.sppgId;
  if (isOpen && first === null && worst) setFirst(worst);
  if (!isOpen && first !== null) setFirst(null);
  return isOpen ? first : sppgId;
}

function FilteredKitchen(props: {
  kitchens: Kitchens["list"];
  shownId: string | null;
  filter: AlertFilter;
}) {
  const { kitchens, shownId, filter } = props;
  const t = useTexts(alertsTexts);
  const setFilter = useSetFilter();
  return (
    <KitchenChoice
      kitchens={kitchens}
      chosenId={shownId}
      {...(filter.tab === "resolved" ? {} : { all: t.allKitchens })}
      onChoose={(sppgId) => setFilter({ ...filter, sppgId })}
    />
  );
}
