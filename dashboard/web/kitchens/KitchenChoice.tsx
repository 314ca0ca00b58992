import { useWords } from "../i18n/LanguageProvider.tsx";
import styles from "./KitchenChoice.module.css";

interface NamedKitchen {
  sppgId: string;
  name: string;
}

const byName = new Intl.Collator("id", { numeric: true });

/** Which kitchen a page shows, of all that the person may see. Of one there is no choice. */
export function KitchenChoice(props: {
  kitchens: readonly NamedKitchen[];
  /** `null`: all of them, where `all` says what that is called. */
  chosenId: string | null;
  all?: string;
  onChoose: (sppgId: string | null) => void;
}) {
  const { kitchens, chosenId, all, onChoose } = props;
  const words = useWords();
  if (kitchens.length < 2) return null;
  return (
    <select
      aria-label={words.navigation.kitchen}
      className={styles["choice"]}
      value={chosenId ?? ""}
      onChange={({ target }) => onChoose(target.value === "" ? null : target.value)}
    >
      {all !== undefined && <option value="">{all}</option>}
      {kitchens
        .toSorted((a, b) => byName.compare(a.name, b.name))
        .map(({ sppgId, name }) => (
          <option key={sppgId} value={sppgId}>
            {name}
          </option>
        ))}
    </select>
  );
}
