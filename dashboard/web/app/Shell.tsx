import type { ReactNode } from "react";
import { Link, useLocation, useRoute } from "wouter";
import { type PageName, pagePaths } from "../../contract/index.ts";
import { Brand, Icon, type IconName } from "../components/Icon.tsx";
import { useMinute } from "../design/clock.ts";
import { useFormat, useWords } from "../i18n/LanguageProvider.tsx";
import { useSession } from "../session/SessionProvider.tsx";
import { ConnectionBanner, LinkMark } from "./ConnectionBanner.tsx";
import { useKitchenFacts } from "../kitchens/useKitchens.ts";
import { useLink } from "../realtime/useLink.ts";
import { NewVersion } from "./NewVersion.tsx";
import { PreferenceSwitches } from "./PreferenceSwitches.tsx";
import { useLastKitchen } from "./last-kitchen.ts";
import { sayTime } from "./say-time.ts";
import styles from "./Shell.module.css";

/** What stands around every page: navigation, link, clock, and the person. */
export function Shell({ children }: { children: ReactNode }) {
  const words = useWords();
  // The menu of a phone is shut again on the page that it led to.
  const [place] = useLocation();
  return (
    <div className={styles["app"]}>
      <a className={styles["skip"]} href="#content">
        {words.navigation.toContent}
      </a>
      <aside className={styles["rail"]}>
        <Brand name={words.appName} />
        <Navigation className={styles["entries"] ?? ""} />
        <div className={styles["end"]}>
          <LinkAndClock />
          <Person />
          <PreferenceSwitches />
        </div>
      </aside>
      <div className={styles["body"]}>
        <header className={styles["top"]}>
          <Brand name={words.appName} />
          <LinkAndClock />
          <details key={place} className={styles["menu"]}>
            <summary aria-label={words.menu}>
              <Icon name="menu" />
            </summary>
            <div className={styles["sheet"]}>
              <Person />
              <PreferenceSwitches />
            </div>
          </details>
        </header>
        <ConnectionBanner />
        <main id="content" tabIndex={-1} className={styles["content"]}>
          {children}
        </main>
      </div>
      <NewVersion />
      <div className={styles["bar"]}>
        <Navigation className={styles["tabs"] ?? ""} />
      </div>
    </div>
  );
}

function Navigation({ className }: { className: string }) {
  const words = useWords();
  const facts = useKitchenFacts(useLastKitchen());
  const { kitchenId, unacknowledgedCount: count, isCriticalUnacknowledged: isUrgent } = facts;
  const kitchenHref = pagePaths.kitchen.replace(":sppgId", kitchenId ?? "");
  return (
    <nav aria-label={words.navigation.label} className={className}>
      <Entry page="overview" href={pagePaths.overview} icon="overview" />
      {kitchenId !== null && <Entry page="kitchen" href={kitchenHref} icon="kitchen" />}
      <Entry page="fleet" href={pagePaths.fleet} icon="fleet" />
      <Entry page="stock" href={pagePaths.stock} icon="stock" />
      <Entry page="alerts" href={pagePaths.alerts} icon="alerts" {...{ count, isUrgent }} />
      <Entry page="devices" href={pagePaths.devices} icon="devices" />
    </nav>
  );
}

function Entry({
  page,
  href,
  icon,
  count = 0,
  isUrgent = false,
}: {
  page: PageName & keyof ReturnType<typeof useWords>["navigation"];
  href: string;
  icon: IconName;
  count?: number;
  /** Among them is something critical: nothing else is red. */
  isUrgent?: boolean;
}) {
  const words = useWords();
  const format = useFormat();
  const [isHere] = useRoute(pagePaths[page]);
  return (
    <Link href={href} aria-current={isHere ? "page" : undefined}>
      <Icon name={icon} />
      <span>{words.navigation[page]}</span>
      {count > 0 && (
        <b className={`${styles["count"]} ${isUrgent ? styles["urgent"] : ""}`}>
          <span aria-hidden="true">{format.number(count)}</span>
          <span className="visually-hidden">
            {words.navigation.unacknowledged(format.number(count))}
          </span>
        </b>
      )}
    </Link>
  );
}

function LinkAndClock() {
  const minuteMs = useMinute();
  const format = useFormat();
  return (
    <span className={styles["clock"]}>
      <LinkMark link={useLink()} />
      <time>{sayTime(format, minuteMs)}</time>
    </span>
  );
}

function Person() {
  const words = useWords();
  const { session, signOut, may } = useSession();
  return (
    <div className={styles["person"]}>
      <span>
        <b>{words.role[session.role]}</b>
        <span className={styles["email"]}>{session.email}</span>
      </span>
      <Link href={pagePaths.account}>
        <Icon name="account" />
        {words.account}
      </Link>
      {may("listPeople") && (
        <Link href={pagePaths.admin}>
          <Icon name="admin" />
          {words.admin}
        </Link>
      )}
      {may("pairScreen") && (
        <Link href={pagePaths.screens}>
          <Icon name="wall" />
          {words.role.kiosk}
        </Link>
      )}
      <button type="button" onClick={() => void signOut()}>
        <Icon name="leave" />
        {words.signOut}
      </button>
    </div>
  );
}
