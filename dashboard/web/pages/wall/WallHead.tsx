import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { overviewTexts } from "../../i18n/overview.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { zoneNames } from "../../i18n/format.ts";
import { wallTexts } from "../../i18n/wall.ts";
import type { Standing } from "../../kitchens/standing.ts";
import type { LeftOutKitchens } from "../../kitchens/useKitchens.ts";
import styles from "./WallHead.module.css";

/** Whose board it is, the day, and a clock that is read across the room. */
export function WallHead(props: {
  /** The server's clock: a television's own may be hours off. */
  nowMs: number;
  timeZone: KitchenTimeZone;
  /** `null`: all kitchens. */
  standing: Standing | null;
  /** Of how many the boards could speak, and of how many of them they do not. */
  kitchenCount: number;
  leftOut: LeftOutKitchens | null;
}) {
  const { nowMs, timeZone, standing, kitchenCount, leftOut } = props;
  const format = useFormat();
  const texts = useTexts(wallTexts);
  const words = useWords();
  const overview = useTexts(overviewTexts);
  const about = [format.date(nowMs, timeZone)];
  if (standing !== null) {
    const { fresh, total } = standing.sensors;
    about.push(overview.sensorsLabel(format.number(fresh), format.number(total)));
  }
  if (standing === null && leftOut !== null && leftOut.count > 0) {
    const { count, openAlerts } = leftOut;
    about.push(words.kitchensLeftOut(format.number(count), format.number(openAlerts)));
  }
  return (
    <header className={styles["head"]}>
      <div className={styles["what"]}>
        <h1>{standing?.snapshot.kitchen.name ?? texts.kitchens(format.number(kitchenCount))}</h1>
        <p>{about.join(" · ")}</p>
      </div>
      <time className={styles["clock"]}>
        {format.time(nowMs, timeZone)}
        <small>{zoneNames[timeZone]}</small>
      </time>
    </header>
  );
}
