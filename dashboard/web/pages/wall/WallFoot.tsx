import { Link } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { SoundButtons } from "../../alarm/AlarmControls.tsx";
import { sayTime } from "../../app/say-time.ts";
import { freshnessOf } from "../../components/freshness.ts";
import { useNow } from "../../design/clock.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { Standing } from "../../kitchens/standing.ts";
import { useLink } from "../../realtime/useLink.ts";
import { useSession } from "../../session/SessionProvider.tsx";
import { type Board, boardMs } from "./boards.ts";
import styles from "./WallFoot.module.css";

/** For who stands near: how fresh all this is, whether it sounds, and what comes next. */
export function WallFoot(props: {
  standings: readonly Standing[];
  /** `null`: this board stays. */
  next: Board | null;
  /** There is no other board, so there is nothing to say about the next. */
  isAlone: boolean;
  elapsedMs: number;
}) {
  const { standings, next, isAlone, elapsedMs } = props;
  const texts = useTexts(wallTexts);
  const { session } = useSession();
  return (
    <footer className={styles["foot"]}>
      <DataAge standings={standings} />
      <LinkText />
      <SoundButtons />
      {session.role !== "kiosk" && <Link href={pagePaths.overview}>{texts.leave}</Link>}
      {!isAlone && (
        <span className={styles["next"]}>
          {next === null ? texts.stays : texts.next(useBoardName(next, standings))}
          {next !== null && (
            <span className={styles["track"]}>
              <i style={{ transform: `scaleX(${Math.min(1, elapsedMs / boardMs)})` }} />
            </span>
          )}
        </span>
      )}
    </footer>
  );
}

function useBoardName(board: Board, standings: readonly Standing[]): string {
  const texts = useTexts(wallTexts);
  const kitchen = standings.find(({ snapshot }) => snapshot.kitchen.sppgId === board.sppgId);
  const name = texts.board[board.kind];
  const isOne = standings.length < 2 || kitchen === undefined;
  const page = board.pages > 1 ? ` ${texts.page(`${board.page + 1}`, `${board.pages}`)}` : "";
  return `${isOne ? name : `${kitchen.snapshot.kitchen.name}, ${name}`}${page}`;
}

/** Of the kitchen that was heard last: whether anything at all still arrives. */
function DataAge({ standings }: { standings: readonly Standing[] }) {
  const nowMs = useNow();
  const format = useFormat();
  const texts = useTexts(wallTexts);
  const isOffline = useLink().phase === "lost";
  const heard = standings.filter(({ lastHeardAtMs }) => lastHeardAtMs !== null);
  const newest = heard.toSorted((a, b) => (b.lastHeardAtMs ?? 0) - (a.lastHeardAtMs ?? 0))[0];
  if (newest === undefined) return <span>{texts.noData}</span>;
  const { lastHeardAtMs, expectedIntervalSeconds } = newest;
  const freshness = freshnessOf({ lastHeardAtMs, expectedIntervalSeconds }, nowMs);
  return (
    <span className={`${styles["mark"]} ${isOffline ? "" : styles[freshness]}`}>
      <i />
      {texts.data(format.age(nowMs - (lastHeardAtMs ?? nowMs)))}
    </span>
  );
}

function LinkText() {
  const link = useLink();
  const format = useFormat();
  const texts = useTexts(wallTexts);
  const text = {
    connecting: texts.connecting,
    open: texts.live,
    lost: texts.offline(sayTime(format, link.sinceMs)),
    signedOut: texts.connecting,
  }[link.phase];
  return <span className={`${styles["mark"]} ${styles[link.phase]}`}>{text}</span>;
}
