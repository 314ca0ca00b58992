import type { ReactNode } from "react";
import { useLocation, useSearch } from "wouter";
import { useLastKitchen } from "../app/last-kitchen.ts";
import { EmptyState, ErrorState, Skeleton } from "../components/Notice.tsx";
import { PageHead } from "../components/PageHead.tsx";
import { useWords } from "../i18n/LanguageProvider.tsx";
import { KitchenChoice } from "./KitchenChoice.tsx";
import type { Snapshot } from "./sensor-number.ts";
import { useKitchenList } from "./useKitchens.ts";

/**
 * A page about one kitchen: the one in its address, else that of last time, else the first. Until
 * that is known it shows none, least another one.
 */
export function OneKitchen(props: {
  /** Of the page, which takes `?kitchen=`. */
  path: string;
  /** While there is no kitchen to speak of. */
  title: string;
  failed: string;
  /** `choice` leads to another one. */
  children: (kitchen: Snapshot["kitchen"], choice: ReactNode) => ReactNode;
}) {
  const { path, title, failed, children } = props;
  const words = useWords();
  const [, navigate] = useLocation();
  const asked = new URLSearchParams(useSearch()).get("kitchen");
  const last = useLastKitchen();
  const { data, error, isPending, refetch } = useKitchenList();
  const kitchens = data?.kitchens ?? [];
  const find = (id: string | null) => kitchens.find(({ sppgId }) => sppgId === id);
  const chosen = find(asked) ?? find(last) ?? kitchens[0];
  if (chosen !== undefined) {
    const choice = (
      <KitchenChoice
        kitchens={kitchens}
        chosenId={chosen.sppgId}
        onChoose={(kitchen) => {
          const search = new URLSearchParams(kitchen === null ? {} : { kitchen });
          navigate(`${path}?${search}`, { replace: true });
        }}
      />
    );
    return children(chosen, choice);
  }
  return (
    <>
      <PageHead title={title} />
      {error !== null && <ErrorState error={error} text={failed} onRetry={() => void refetch()} />}
      {isPending && error === null && <Skeleton lines={4} />}
      {!isPending && error === null && <EmptyState text={words.noKitchen} />}
    </>
  );
}
