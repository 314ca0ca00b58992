import type { ReactNode } from "react";
import { Link } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { Button, buttonClass } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { rulesTexts } from "../../i18n/rules.ts";
import { OneKitchen } from "../../kitchens/OneKitchen.tsx";
import { useSnapshot } from "../../kitchens/useKitchens.ts";
import { useSession } from "../../session/SessionProvider.tsx";
import { useIsWide } from "../alerts/useIsWide.ts";
import { NewRule } from "./NewRule.tsx";
import { RuleDetail } from "./RuleDetail.tsx";
import { RuleList } from "./RuleList.tsx";
import { newRuleKey, useRuleAddress } from "./rule-address.ts";
import type { RulePlace, RuleVersion } from "./rule-types.ts";
import styles from "./RulesPage.module.css";
import { useFiredCounts, useRuleList } from "./useRuleBook.ts";

/** What a kitchen watches, as sentences; who answers for the food changes them here. */
export function RulesPage() {
  const t = useTexts(rulesTexts);
  return (
    <OneKitchen path={pagePaths.rules} title={t.title.unknown} failed={t.failed}>
      {({ sppgId }, choice) => <PlaceRules key={sppgId} sppgId={sppgId} choice={choice} />}
    </OneKitchen>
  );
}

/** A rule speaks of devices by their names, which the kitchen's snapshot has. */
function PlaceRules({ sppgId, choice }: { sppgId: string; choice: ReactNode }) {
  const t = useTexts(rulesTexts);
  const { data, error, refetch } = useSnapshot(sppgId);
  if (data !== undefined) return <KitchenRules place={data} choice={choice} />;
  return (
    <>
      <PageHead title={t.title.unknown}>{choice}</PageHead>
      {error === null ? (
        <Skeleton lines={6} />
      ) : (
        <ErrorState error={error} text={t.failed} onRetry={() => void refetch()} />
      )}
    </>
  );
}

function KitchenRules({ place, choice }: { place: RulePlace; choice: ReactNode }) {
  const t = useTexts(rulesTexts);
  const { sppgId } = place.kitchen;
  const { may } = useSession();
  const { data, error, isPending, refetch } = useRuleList(sppgId);
  const fired = useFiredCounts(sppgId);
  const isWide = useIsWide();
  const address = useRuleAddress(sppgId);
  const rules = data?.rules ?? [];
  const chosen = rules.find(({ key }) => key === address.chosen);
  const isNew = address.chosen === newRuleKey && may("putRule");
  const hasDetail = chosen !== undefined || isNew;
  return (
    <>
      <Head {...{ place, choice, rules, fired }} />
      {error !== null && (
        <ErrorState error={error} text={t.failed} onRetry={() => void refetch()} />
      )}
      {isPending && error === null && <Skeleton lines={6} />}
      {data !== undefined && (
        <div className={styles["columns"]}>
          {(isWide || !hasDetail) && <RuleList {...{ rules, place, fired, address }} />}
          {(isWide || hasDetail) && (
            <section className={styles["detail"]} aria-label={t.detail}>
              {!isWide && (
                <Link href={address.hrefOf(null)} className={buttonClass({ look: "quiet" })}>
                  ‹ {t.toList}
                </Link>
              )}
              {isNew && <NewRule place={place} rules={rules} onSaved={address.choose} />}
              {chosen !== undefined && (
                <RuleDetail key={chosen.key} version={chosen} place={place} fired={fired} />
              )}
              {!hasDetail && <EmptyState text={t.choose} />}
            </section>
          )}
        </div>
      )}
    </>
  );
}

function Head(props: {
  place: RulePlace;
  choice: ReactNode;
  rules: readonly RuleVersion[];
  fired: ReadonlyMap<string, number> | null;
}) {
  const { place, choice, rules, fired } = props;
  const t = useTexts(rulesTexts);
  const format = useFormat();
  const { choose } = useRuleAddress(place.kitchen.sppgId);
  const { may } = useSession();
  const off = rules.filter(({ isEnabled }) => !isEnabled).length;
  const about = [
    t.about(place.kitchen.name, format.number(rules.length)),
    off === 0 ? null : t.off(format.number(off)),
  ];
  const titleOf = (count: number): string =>
    count === 0 ? t.title.calm : t.title.fired(format.number(count));
  return (
    <PageHead
      title={fired === null ? t.title.unknown : titleOf(fired.size)}
      about={about.filter((part) => part !== null).join(" · ")}
    >
      {choice}
      {may("putRule") && <Button onClick={() => choose(newRuleKey)}>{t.add}</Button>}
      <Link href={pagePaths.alerts} className={buttonClass({})}>
        {t.back}
      </Link>
    </PageHead>
  );
}
