import { SeverityMark } from "../../components/SeverityMark.tsx";
import type { Severity } from "../../components/severity.ts";
import { Chip, Chips } from "../../components/Chips.tsx";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { overviewTexts } from "../../i18n/overview.ts";
import type { Standing } from "../../kitchens/standing.ts";
import { countStates } from "./summary.ts";

/** How many kitchens are in each state; pressing one shows only those. */
export function StateChips({
  standings,
  only,
  onOnly,
}: {
  standings: readonly Standing[];
  only: Severity | null;
  onOnly: (severity: Severity | null) => void;
}) {
  const t = useTexts(overviewTexts);
  const words = useWords();
  const format = useFormat();
  return (
    <Chips>
      <Chip isOn={only === null} onPress={() => onOnly(null)}>
        {t.all} <b>{format.number(standings.length)}</b>
      </Chip>
      {countStates(standings).map(({ severity, count }) => (
        <Chip key={severity} isOn={only === severity} onPress={() => onOnly(severity)}>
          <SeverityMark severity={severity} label="none" />
          <b>{format.number(count)}</b> {words.severity[severity].toLowerCase()}
        </Chip>
      ))}
    </Chips>
  );
}
