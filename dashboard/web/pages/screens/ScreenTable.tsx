import { serverClock } from "../../api/page-api.ts";
import { browserName } from "../../components/browser-name.ts";
import { Button } from "../../components/Button.tsx";
import { ErrorState } from "../../components/Notice.tsx";
import { useNow } from "../../design/clock.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { ListedKitchen } from "../../kitchens/choose-asked.ts";
import styles from "./ScreensPage.module.css";
import { type Screen, useRevokeScreen } from "./useScreens.ts";

export function ScreenTable({
  kitchen,
  screens,
}: {
  kitchen: ListedKitchen;
  screens: readonly Screen[];
}) {
  const texts = useTexts(wallTexts).screens;
  const { columns } = texts;
  const revoke = useRevokeScreen(kitchen.sppgId);
  return (
    <>
      {revoke.error !== null && <ErrorState error={revoke.error} />}
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.seen}</th>
            <th scope="col">{columns.by}</th>
            <th scope="col">
              <span className="visually-hidden">{columns.end}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {screens.map((screen) => (
            <ScreenRow
              key={screen.sessionId}
              screen={screen}
              kitchen={kitchen}
              isBusy={revoke.isPending}
              onEnd={() => revoke.mutate(screen.sessionId)}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

function ScreenRow(props: {
  screen: Screen;
  kitchen: ListedKitchen;
  isBusy: boolean;
  onEnd: () => void;
}) {
  const { screen, kitchen, isBusy, onEnd } = props;
  const texts = useTexts(wallTexts).screens;
  const format = useFormat();
  const seenMs = useNow() - serverClock.toPageMs(screen.lastSeenAtMs);
  return (
    <tr>
      <th scope="row">
        {screen.name}
        <small>{[screen.address, browserName(screen.userAgent)].filter(Boolean).join(" · ")}</small>
      </th>
      <td data-label={texts.columns.seen}>{format.age(seenMs)}</td>
      <td data-label={texts.columns.by}>
        {screen.pairedBy}
        <small>{format.dateTime(screen.createdAtMs, kitchen.timeZone)}</small>
      </td>
      <td>
        <Button onClick={onEnd} disabled={isBusy} aria-label={texts.endLabel(screen.name)}>
          {texts.end}
        </Button>
      </td>
    </tr>
  );
}
