import { useState } from "react";
import { Button } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { zoneNames } from "../../i18n/format.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import list from "../../components/List.module.css";
import { useKitchenList } from "../../kitchens/useKitchens.ts";
import { AddKitchenDialog, ChangeKitchenDialog } from "./KitchenDialogs.tsx";

type Asked = { kind: "add" } | { kind: "change"; sppgId: string };

export function KitchensSection() {
  const t = useTexts(adminTexts);
  const format = useFormat();
  const [asked, setAsked] = useState<Asked | null>(null);
  const query = useKitchenList();
  const kitchens = query.data?.kitchens ?? [];
  const close = (): void => setAsked(null);
  const many = t.kitchens.title(format.number(kitchens.length));
  const title = kitchens.length === 1 ? t.kitchens.titleOne : many;
  return (
    <>
      <PageHead title={query.data === undefined ? t.sections.kitchens : title}>
        <Button look="primary" onClick={() => setAsked({ kind: "add" })}>
          {t.kitchens.add}
        </Button>
      </PageHead>
      {query.error !== null && (
        <ErrorState error={query.error} text={t.failed} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Skeleton lines={3} />}
      {query.data !== undefined && kitchens.length === 0 && <EmptyState text={t.kitchens.empty} />}
      {kitchens.length > 0 && (
        <ul className={list["list"]} aria-label={t.kitchens.list}>
          {kitchens.map(({ sppgId, name, timeZone }) => (
            <li key={sppgId}>
              <div className={list["what"]}>
                <b>{name}</b>
                <span>
                  <span className={list["code"]}>{sppgId}</span> · {zoneNames[timeZone]}
                </span>
              </div>
              <Button
                aria-label={t.changeOf(name)}
                onClick={() => setAsked({ kind: "change", sppgId })}
              >
                {t.change}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {asked?.kind === "add" && <AddKitchenDialog onClose={close} />}
      {asked?.kind === "change" && <ChangeKitchenDialog sppgId={asked.sppgId} onClose={close} />}
    </>
  );
}
