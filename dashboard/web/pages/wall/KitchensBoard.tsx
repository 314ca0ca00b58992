import { SeverityMark } from "../../components/SeverityMark.tsx";
import { useNow } from "../../design/clock.ts";
import { overviewTexts } from "../../i18n/overview.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { keepOrder, type Standing } from "../../kitchens/standing.ts";
import { Reason } from "../overview/Reason.tsx";
import { fewRows, rowsMax } from "./boards.ts";
import { OfflineLine } from "./OfflineLine.tsx";
import styles from "./Rows.module.css";

/** Every kitchen, worst first: which one needs somebody. */
export function KitchensBoard(props: {
  standings: readonly Standing[];
  order: readonly string[];
  page: number;
}) {
  const { standings, order, page } = props;
  const { shown } = keepOrder(standings, order);
  const rows = shown.slice(page * rowsMax, (page + 1) * rowsMax);
  return (
    <section className={styles["board"]}>
      <OfflineLine />
      <ul className={rows.length <= fewRows ? styles["few"] : undefined}>
        {rows.map((standing) => (
          <KitchenLine key={standing.snapshot.kitchen.sppgId} standing={standing} />
        ))}
      </ul>
    </section>
  );
}

function KitchenLine({ standing }: { standing: Standing }) {
  const { severity, snapshot, sensors, lastHeardAtMs } = standing;
  const texts = useTexts(overviewTexts);
  const format = useFormat();
  const nowMs = useNow();
  const fresh = texts.sensors(format.number(sensors.fresh), format.number(sensors.total));
  return (
    <li className={styles[severity]}>
      <SeverityMark severity={severity} size="large" />
      <span className={styles["what"]}>
        <b>{snapshot.kitchen.name}</b>
        <span>
          <Reason standing={standing} />
        </span>
      </span>
      <span className={styles["aside"]}>
        <b>{fresh}</b>
        {lastHeardAtMs !== null && format.age(nowMs - lastHeardAtMs)}
      </span>
    </li>
  );
}
