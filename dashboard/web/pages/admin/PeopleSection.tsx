import { useDeferredValue, useState } from "react";
import { Button } from "../../components/Button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import { AddPersonDialog } from "./AddPersonDialog.tsx";
import list from "../../components/List.module.css";
import styles from "./Admin.module.css";
import { OffMark } from "./OffMark.tsx";
import { PasswordDialog } from "./PasswordDialog.tsx";
import { PersonDialog } from "./PersonDialog.tsx";
import { type IssuedPassword, type Person, useKitchenNames, usePeople } from "./usePeople.ts";

type Asked = { kind: "add" } | { kind: "change"; person: Person };

export function PeopleSection() {
  const t = useTexts(adminTexts);
  const format = useFormat();
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState<Asked | null>(null);
  const [issued, setIssued] = useState<IssuedPassword | null>(null);
  const query = usePeople(useDeferredValue(search.trim()));
  const people = query.data?.pages.flatMap((page) => page.people) ?? [];
  const off = people.filter(({ isEnabled }) => !isEnabled).length;
  const count = `${format.number(people.length - off)}${query.hasNextPage ? "+" : ""}`;
  const close = (): void => setAsked(null);
  const show = (next: IssuedPassword): void => {
    setAsked(null);
    setIssued(next);
  };
  return (
    <>
      <PageHead
        title={
          query.data === undefined
            ? t.sections.people
            : count === "1"
              ? t.people.titleOne
              : t.people.title(count)
        }
        {...(off > 0 ? { about: t.people.about(format.number(off)) } : {})}
      >
        <Button look="primary" onClick={() => setAsked({ kind: "add" })}>
          {t.people.add}
        </Button>
      </PageHead>
      <Search text={search} onChange={setSearch} />
      {query.error !== null && (
        <ErrorState error={query.error} text={t.failed} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Skeleton lines={4} />}
      {query.data !== undefined && people.length === 0 && (
        <EmptyState text={search === "" ? t.people.empty : t.people.none} />
      )}
      {people.length > 0 && (
        <ul className={list["list"]} aria-label={t.people.list}>
          {people.map((person) => (
            <PersonRow
              key={person.email}
              person={person}
              onChange={() => setAsked({ kind: "change", person })}
            />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className={styles["more"]}>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t.more}
          </Button>
        </div>
      )}
      {asked?.kind === "add" && <AddPersonDialog onClose={close} onIssued={show} />}
      {asked?.kind === "change" && (
        <PersonDialog person={asked.person} onClose={close} onIssued={show} />
      )}
      {issued !== null && <PasswordDialog issued={issued} onClose={() => setIssued(null)} />}
    </>
  );
}

function Search({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const t = useTexts(adminTexts);
  return (
    <div className={styles["tools"]}>
      <input
        type="search"
        className={styles["search"]}
        aria-label={t.people.search}
        placeholder={t.people.search}
        value={text}
        maxLength={254}
        onChange={({ target }) => onChange(target.value)}
      />
    </div>
  );
}

function PersonRow({ person, onChange }: { person: Person; onChange: () => void }) {
  const t = useTexts(adminTexts);
  const words = useWords();
  const { session } = useSession();
  const { email, role, isEnabled, mayChange } = person;
  const why = email === session.email ? t.people.self : t.people.others;
  return (
    <li className={isEnabled ? undefined : list["off"]}>
      <div className={list["what"]}>
        <b>{email}</b>
        <span>
          {words.role[role]} · <KitchenNames person={person} />
        </span>
      </div>
      {!isEnabled && (
        <span className={styles["state"]}>
          <OffMark />
          {t.people.off}
        </span>
      )}
      {mayChange ? (
        <Button aria-label={t.changeOf(email)} onClick={onChange}>
          {t.change}
        </Button>
      ) : (
        <span className={list["when"]}>{why}</span>
      )}
    </li>
  );
}

function KitchenNames({ person: { kitchens } }: { person: Person }) {
  const t = useTexts(adminTexts);
  const known = new Map(useKitchenNames().map(({ sppgId, name }) => [sppgId, name]));
  if (kitchens === "all") return t.people.allKitchens;
  return kitchens.map((sppgId) => known.get(sppgId) ?? sppgId).join(", ");
}
