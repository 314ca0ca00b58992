import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { overviewTexts } from "../../i18n/overview.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { zoneNames } from "../../i18n/format.ts";
import { wallTexts } from "../../i18n/wall.ts";
import type { Standing } from "../../kitchens/standing.ts";
import styles from "./WallHead.module.css";

/** Whose board it is, the day, and a clock that is read across the room. */
export function WallHead(props: {
  /** The server's clock: a television's own may be hours off. */
  nowMs: number;
  timeZone: KitchenTimeZone;
  /** `null`: all kitchens. */
  standing: Standing | null;
  standings: readonly Standing[];
}) {
  const { nowMs, timeZone, standing, standings } = props;
  const format = useFormat();
  const texts = useTexts(wallTexts);
  const overview = useTexts(overviewTexts);
  const about = [format.date(nowMs, timeZone)];
  if (standing !== null) {
    const { fresh, total } = standing.sensors;
    about.push(overview.sensorsLabel(format.number(fresh), format.number(total)));
  }
  return (
    <header className={styles["head"]}>
      <div className={styles["what"]}>
        <h1>
          {standing?.snapshot.kitchen.name ?? texts.kitchens(format.number(standings.length))}
        </h1>
        <p>{about.join(" · ")}</p>
      </div>
      <time className={styles["clock"]}>
        {format.time(nowMs, timeZone)}
        <small>{zoneNames[timeZone]}</small>
      </time>
    </header>
  );
}
