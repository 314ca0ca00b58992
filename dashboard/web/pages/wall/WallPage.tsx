import { type CSSProperties, useEffect, useState } from "react";
import { serverClock } from "../../api/page-api.ts";
import { screenZone } from "../../app/screen-zone.ts";
import { useNow } from "../../design/clock.ts";
import { useWallTheme } from "../../design/theme.ts";
import { useTexts } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { Standing } from "../../kitchens/standing.ts";
import { useKitchens } from "../../kitchens/useKitchens.ts";
import { RealtimeProvider } from "../../realtime/RealtimeProvider.tsx";
import { AlertsBoard } from "./AlertsBoard.tsx";
import { type Board, following, listBoards, shiftAt } from "./boards.ts";
import { KitchensBoard } from "./KitchensBoard.tsx";
import { SensorsBoard } from "./SensorsBoard.tsx";
import { useFreshVersion } from "./useFreshVersion.ts";
import { useRotation } from "./useRotation.ts";
import { useWakeLock } from "./useWakeLock.ts";
import { WallFoot } from "./WallFoot.tsx";
import { WallHead } from "./WallHead.tsx";
import styles from "./WallPage.module.css";

/** A screen on a wall: of one kitchen, or of all that who is signed in may see. */
export function WallPage({ sppgId }: { sppgId: string | null }) {
  useWallTheme();
  useWakeLock();
  return (
    <RealtimeProvider>
      <div className={styles["frame"]}>
        <Wall sppgId={sppgId} />
      </div>
    </RealtimeProvider>
  );
}

const noBoards: readonly Board[] = [];

function Wall({ sppgId }: { sppgId: string | null }) {
  const { list, standings: all, isLoading, error, leftOut } = useKitchens(sppgId);
  const texts = useTexts(wallTexts);
  const nowMs = useNow();
  const standings = all.filter(
    ({ snapshot }) => sppgId === null || snapshot.kitchen.sppgId === sppgId,
  );
  const known = listBoards(standings);
  // The first kitchen that answers is not all of them; what is critical waits for nobody.
  const isEarly = useIsEarly(isLoading) && !known.some(({ isHeld }) => isHeld);
  const boards = isEarly ? noBoards : known;
  const rotation = useRotation(boards, nowMs);
  useFreshVersion(!boards.some(({ isHeld }) => isHeld));
  const board = boards.find(({ key }) => key === rotation.key) ?? null;
  const standing = standings.find(({ snapshot }) => snapshot.kitchen.sppgId === board?.sppgId);
  const { xPx, yPx } = shiftAt(nowMs);
  const shift: CSSProperties = { transform: `translate(${xPx}px, ${yPx}px)` };
  useEffect(() => {
    document.title = `${texts.title} · Nadi`;
  }, [texts]);
  const waiting = isLoading ? texts.loading : error === null ? texts.none : texts.failed;
  return (
    <main className={styles["wall"]} style={shift}>
      <WallHead
        nowMs={serverClock.nowMs()}
        timeZone={(standing ?? standings[0])?.snapshot.kitchen.timeZone ?? screenZone}
        standing={standing ?? null}
        kitchenCount={sppgId === null ? list.length : standings.length}
        leftOut={sppgId === null ? leftOut : null}
      />
      {board === null ? (
        <p className={styles["waiting"]}>
          {sppgId !== null && all.length > 0 && !isLoading ? texts.notFound : waiting}
        </p>
      ) : (
        <BoardView key={board.key} board={board} standing={standing} standings={standings} />
      )}
      <WallFoot
        standings={standings}
        next={following(rotation, boards)}
        isAlone={boards.length < 2}
        elapsedMs={Math.max(0, nowMs - rotation.sinceMs)}
      />
    </main>
  );
}

/** Until all has answered once: of many kitchens others are asked when they become the worst. */
function useIsEarly(isLoading: boolean): boolean {
  const [isEarly, setIsEarly] = useState(true);
  if (isEarly && !isLoading) setIsEarly(false);
  return isEarly && isLoading;
}

function BoardView(props: {
  board: Board;
  standing: Standing | undefined;
  standings: readonly Standing[];
}) {
  const { board, standing, standings } = props;
  // As it was when the board came: rows do not change places under people's eyes.
  const [order] = useState(() => standings.map(({ snapshot }) => snapshot.kitchen.sppgId));
  if (standing === undefined) {
    return <KitchensBoard standings={standings} order={order} page={board.page} />;
  }
  if (board.kind === "alerts") return <AlertsBoard standing={standing} />;
  const domain = board.kind === "stock" ? "inventory" : "production";
  return <SensorsBoard standing={standing} domain={domain} page={board.page} />;
}
