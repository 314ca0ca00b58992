import { Link } from "wouter";
import { pagePaths, type RouteName } from "../../../contract/index.ts";
import { NotFoundPage } from "../../app/NotFoundPage.tsx";
import { buttonClass } from "../../components/Button.tsx";
import { chipClass, Chips } from "../../components/Chips.tsx";
import { Icon } from "../../components/Icon.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import styles from "./Admin.module.css";
import { AuditSection } from "./AuditSection.tsx";
import { KitchensSection } from "./KitchensSection.tsx";
import { PeopleSection } from "./PeopleSection.tsx";
import { SessionsSection } from "./SessionsSection.tsx";

const sections = {
  people: { route: "listPeople", page: PeopleSection },
  kitchens: { route: "addKitchen", page: KitchensSection },
  sessions: { route: "listEverySession", page: SessionsSection },
  audit: { route: "readAudit", page: AuditSection },
} as const satisfies Record<string, { route: RouteName; page: () => React.ReactNode }>;

type SectionName = keyof typeof sections;
const sectionNames = Object.keys(sections) as readonly SectionName[];

/** People, kitchens, sessions and the audit log: to each person what their role may. */
export function AdminPage({ section }: { section: string | null }) {
  const { may } = useSession();
  const name = sectionNames.find((known) => known === (section ?? "people"));
  if (name === undefined) return <NotFoundPage />;
  if (!may(sections[name].route)) return <Forbidden />;
  const Section = sections[name].page;
  return (
    <>
      <Sections here={name} />
      <Section />
    </>
  );
}

function Sections({ here }: { here: SectionName }) {
  const t = useTexts(adminTexts);
  const words = useWords();
  const { may } = useSession();
  return (
    <nav className={styles["sections"]} aria-label={words.admin}>
      <Chips>
        {sectionNames
          .filter((name) => may(sections[name].route))
          .map((name) => (
            <Link
              key={name}
              href={pagePaths.adminSection.replace(":section", name)}
              className={chipClass}
              aria-current={name === here ? "page" : undefined}
            >
              {t.sections[name]}
            </Link>
          ))}
      </Chips>
    </nav>
  );
}

function Forbidden() {
  const t = useTexts(adminTexts);
  const words = useWords();
  return (
    <div className={styles["locked"]}>
      <Icon name="lock" />
      <h1>{t.forbidden}</h1>
      <Link href={pagePaths.overview} className={buttonClass({})}>
        {words.notFound.back}
      </Link>
    </div>
  );
}
