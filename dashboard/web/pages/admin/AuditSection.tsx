import { useState } from "react";
import { auditKinds } from "../../../contract/index.ts";
import { screenZone } from "../../app/screen-zone.ts";
import { Button } from "../../components/Button.tsx";
import { Chip } from "../../components/Chips.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { auditTexts } from "../../i18n/audit.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import list from "../../components/List.module.css";
import styles from "./Admin.module.css";
import { type AuditEvent, type AuditFilter, auditTimeNames, useAudit } from "./useAudit.ts";
import { useKitchenNames } from "./usePeople.ts";

const unfiltered: AuditFilter = { kind: null, time: "all", sppgId: null, isRefusedOnly: false };

export function AuditSection() {
  const t = useTexts(auditTexts);
  const [filter, setFilter] = useState(unfiltered);
  const query = useAudit(filter);
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  const isEmpty = query.data !== undefined && events.length === 0;
  return (
    <>
      <PageHead title={t.title} about={t.about} />
      <Filters filter={filter} onChange={setFilter} />
      {query.error !== null && (
        <ErrorState error={query.error} text={t.failed} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Skeleton lines={5} />}
      {isEmpty && <EmptyState text={query.hasNextPage ? t.searching : t.empty} />}
      {events.length > 0 && (
        <ul className={list["list"]} aria-label={t.list}>
          {events.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className={styles["more"]}>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t.older}
          </Button>
        </div>
      )}
    </>
  );
}

function Filters({
  filter,
  onChange,
}: {
  filter: AuditFilter;
  onChange: (filter: AuditFilter) => void;
}) {
  const t = useTexts(auditTexts);
  const kitchens = useKitchenNames();
  return (
    <div className={styles["tools"]}>
      <select
        aria-label={t.kind}
        value={filter.kind ?? ""}
        onChange={({ target }) => {
          onChange({ ...filter, kind: auditKinds.find((kind) => kind === target.value) ?? null });
        }}
      >
        <option value="">{t.allKinds}</option>
        {auditKinds.map((kind) => (
          <option key={kind} value={kind}>
            {t.kinds[kind]}
          </option>
        ))}
      </select>
      <select
        aria-label={t.time}
        value={filter.time}
        onChange={({ target }) => {
          const time = auditTimeNames.find((name) => name === target.value) ?? "all";
          onChange({ ...filter, time });
        }}
      >
        {auditTimeNames.map((name) => (
          <option key={name} value={name}>
            {t.times[name]}
          </option>
        ))}
      </select>
      {kitchens.length > 1 && (
        <select
          aria-label={t.kitchen}
          value={filter.sppgId ?? ""}
          onChange={({ target }) => {
            onChange({ ...filter, sppgId: target.value === "" ? null : target.value });
          }}
        >
          <option value="">{t.allKitchens}</option>
          {kitchens.map(({ sppgId, name }) => (
            <option key={sppgId} value={sppgId}>
              {name}
            </option>
          ))}
        </select>
      )}
      <Chip
        isOn={filter.isRefusedOnly}
        onPress={() => onChange({ ...filter, isRefusedOnly: !filter.isRefusedOnly })}
      >
        {t.refusedOnly}
      </Chip>
    </div>
  );
}

function EventRow({ event }: { event: AuditEvent }) {
  const t = useTexts(auditTexts);
  const format = useFormat();
  const { action, subject, outcome, sppgId, address } = event;
  const what = t.actions.get(action) ?? action;
  const parts = [useActor(event.actor), address ?? t.unknownAddress, sppgId];
  return (
    <li>
      <div className={list["what"]}>
        <b>{subject === null ? what : `${what}: ${subject}`}</b>
        <span>
          {parts.filter((part) => part !== null).join(" · ")}
          {outcome !== "done" && (
            <>
              {" · "}
              <span className={styles["refused"]}>{t.outcomes[outcome]}</span>
            </>
          )}
        </span>
        <Facts event={event} />
      </div>
      <time className={list["when"]}>{format.dateTime(event.atMs, screenZone)}</time>
    </li>
  );
}

function useActor(actor: string): string {
  const t = useTexts(auditTexts);
  if (actor === "cli") return t.commandLine;
  if (actor === "anonymous") return t.anonymous;
  return actor.replace(/^user:/, "");
}

function Facts({ event: { detail, action } }: { event: AuditEvent }) {
  const t = useTexts(auditTexts);
  const facts = Object.entries(detail).filter(([, value]) => value !== null && value !== "");
  if (facts.length === 0) return null;
  return (
    <details className={styles["detail"]}>
      <summary>{t.detail}</summary>
      <dl className={styles["facts"]}>
        <dt>action</dt>
        <dd>{action}</dd>
        {facts.map(([name, value]) => (
          <Fact key={name} name={name} value={String(value)} />
        ))}
      </dl>
    </details>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
