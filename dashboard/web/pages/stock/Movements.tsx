import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { stockTexts } from "../../i18n/stock.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import type { Movement } from "./movements.ts";
import type { JudgedScale } from "./StockBoard.tsx";
import { signed } from "./StockCard.tsx";
import styles from "./StockPage.module.css";

/** A step takes minutes to settle; longer, and only the two ends are known. */
const apartMsMin = 15 * 60_000;

/** What was received and taken since the kitchen's midnight, newest first. */
export function Movements({
  scales,
  kitchen,
}: {
  scales: readonly JudgedScale[];
  kitchen: Kitchen;
}) {
  const t = useTexts(stockTexts).movements;
  const format = useFormat();
  const rows = scales
    .flatMap(({ sensor, name, history }) =>
      history.today.movements
        .filter(({ atMs }) => atMs >= history.midnightMs)
        .map((movement) => ({ movement, name, key: `${sensor.key} ${movement.atMs}` })),
    )
    .toSorted((a, b) => b.movement.atMs - a.movement.atMs);
  const isLoading = scales.some(({ history }) => history.isLoading);
  const when = ({ atMs, fromMs }: Movement): string => {
    const at = format.zonedTime(atMs, kitchen.timeZone);
    if (atMs - fromMs < apartMsMin) return at;
    return t.between(format.time(fromMs, kitchen.timeZone), at);
  };
  return (
    <section className={styles["movements"]} aria-label={t.heading}>
      <header>
        <h2>{t.heading}</h2>
        <p>{t.about}</p>
      </header>
      {rows.length === 0 && !isLoading && <p className={styles["none"]}>{t.none}</p>}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.columns.time}</th>
              <th scope="col">{t.columns.scale}</th>
              <th scope="col">{t.columns.kind}</th>
              <th scope="col">{t.columns.change}</th>
              <th scope="col">{t.columns.left}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ movement, name, key }) => (
              <tr key={key}>
                <td>{when(movement)}</td>
                <th scope="row">{name}</th>
                <td>{t.kind[movement.kind]}</td>
                <td>{signed(movement.kg, format)}</td>
                <td>{format.measure(movement.leftKg, "kg")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
