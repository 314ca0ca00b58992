import { useState } from "react";
import { useSearch } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { buttonClass } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import { useKitchenList } from "../../kitchens/useKitchens.ts";
import { useSession } from "../../session/SessionProvider.tsx";
import { PairForm } from "./PairForm.tsx";
import { ScreenTable } from "./ScreenTable.tsx";
import styles from "./ScreensPage.module.css";
import { useScreens } from "./useScreens.ts";

/** The wall screens of a kitchen: connect one by its code, see them, disconnect one. */
export function ScreensPage() {
  const texts = useTexts(wallTexts).screens;
  const { may } = useSession();
  if (!may("pairScreen")) return <EmptyState text={texts.forbidden} />;
  return <Screens />;
}

function Screens() {
  const texts = useTexts(wallTexts).screens;
  const format = useFormat();
  const code = new URLSearchParams(useSearch()).get("code") ?? "";
  const words = useWords();
  const { data, error } = useKitchenList();
  const kitchens = (data?.kitchens ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
  const [asked, setAsked] = useState<string | null>(null);
  const chosen = kitchens.find(({ sppgId }) => sppgId === asked) ?? kitchens[0] ?? null;
  const list = useScreens(chosen?.sppgId ?? null);
  if (chosen === null) {
    if (error !== null) return <ErrorState error={error} />;
    return data === undefined ? <Skeleton /> : <EmptyState text={words.noKitchen} />;
  }
  const count = list.data?.length ?? 0;
  const few = count === 0 ? texts.title.none : texts.title.one;
  return (
    <>
      <PageHead title={count > 1 ? texts.many(format.number(count)) : few} about={texts.about}>
        <a
          className={buttonClass({})}
          href={pagePaths.wallKitchen.replace(":sppgId", chosen.sppgId)}
        >
          {texts.open}
        </a>
      </PageHead>
      <div className={styles["columns"]}>
        <PairForm code={code} kitchens={kitchens} chosen={chosen} onChoose={setAsked} />
        <section aria-label={texts.list} className={styles["list"]}>
          {list.error !== null && <ErrorState error={list.error} />}
          {list.data !== undefined && count === 0 && <EmptyState text={texts.empty} />}
          {list.data !== undefined && count > 0 && (
            <ScreenTable kitchen={chosen} screens={list.data} />
          )}
        </section>
      </div>
    </>
  );
}
