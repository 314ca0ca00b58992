import { sayTime } from "../../app/say-time.ts";
import { severities, type Severity } from "../../components/severity.ts";
import type { Format } from "../../i18n/format.ts";
import type { overviewTexts } from "../../i18n/overview.ts";
import type { Standing } from "../../kitchens/standing.ts";

type Texts = (typeof overviewTexts)["id"];

/** The sentence about now: the worst state that any kitchen is in, and how many are in it. */
export function titleOf(
  { standings, leftOut }: { standings: readonly Standing[]; leftOut: number },
  texts: Texts,
  format: Format,
): string {
  const { title } = texts;
  if (standings.length === 0) return title.none;
  for (const severity of ["critical", "silent", "warning"] as const) {
    const count = standings.filter((standing) => standing.severity === severity).length;
    if (count === 1) return title[`${severity}One`];
    if (count > 1) return title[severity](format.number(count));
  }
  // Nobody says of a kitchen that it is safe who has not looked at it.
  return leftOut > 0 ? title.safeOf(format.number(standings.length)) : title.safe;
}

/** How many kitchens are in each state that occurs, worst first. */
export function countStates(
  standings: readonly Standing[],
): readonly { severity: Severity; count: number }[] {
  return severities
    .map((severity) => ({
      severity,
      count: standings.filter((standing) => standing.severity === severity).length,
    }))
    .filter(({ count }) => count > 0);
}

/** Why a kitchen is in its state, where no alert says it. */
export function reasonOf(standing: Standing, texts: Texts, format: Format): string {
  const { silentGateway, sensors, snapshot, alerts } = standing;
  if (silentGateway !== null) {
    const since = sayTime(format, silentGateway.sinceMs, snapshot.kitchen.timeZone);
    return texts.why.gateway(since, format.number(silentGateway.sensorCount));
  }
  if (sensors.silent > 0) return texts.why.silent(format.number(sensors.silent));
  if (sensors.late > 0) return texts.why.late(format.number(sensors.late));
  if (alerts.length > 0) return texts.why.waits;
  return sensors.total === 0 ? texts.why.empty : texts.why.safe;
}
