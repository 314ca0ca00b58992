import { useState } from "react";
import { personRoles, rolesBelowHead } from "../../../contract/index.ts";
import form from "../../components/Form.module.css";
import { adminTexts } from "../../i18n/admin.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { useSession } from "../../session/SessionProvider.tsx";
import { type Person, useKitchenNames } from "./usePeople.ts";

export interface Rights {
  role: Person["role"];
  kitchens: string[];
}

/** Roles that the signed-in person may give. */
function useGivenRoles(): readonly Person["role"][] {
  const { session } = useSession();
  if (session.role !== "operator") return rolesBelowHead;
  return personRoles.filter((role): role is Person["role"] => role !== "kiosk");
}

export function useRights(person: Person | null) {
  const roles = useGivenRoles();
  const names = useKitchenNames();
  const own = person?.kitchens ?? [];
  const [role, setRole] = useState<Person["role"]>(person?.role ?? "cook");
  const [chosen, setChosen] = useState<readonly string[] | null>(own === "all" ? [] : own);
  // With one kitchen there is nothing to choose.
  const only = names.length === 1 && person === null ? names.map(({ sppgId }) => sppgId) : null;
  const kitchens = chosen !== null && chosen.length > 0 ? chosen : (only ?? chosen ?? []);
  const rights: Rights = { role, kitchens: role === "operator" ? [] : [...kitchens] };
  const isWhole = role === "operator" || rights.kitchens.length > 0;
  return { roles, rights, isWhole, setRole, setKitchens: setChosen };
}

export function RightsFields({
  roles,
  rights,
  isWhole,
  setRole,
  setKitchens,
}: ReturnType<typeof useRights>) {
  const t = useTexts(adminTexts).people;
  const words = useWords();
  return (
    <>
      <label className={form["field"]}>
        {t.role}
        <select
          name="role"
          value={rights.role}
          onChange={({ target }) => {
            setRole(roles.find((role) => role === target.value) ?? rights.role);
          }}
        >
          {roles.map((role) => (
            <option key={role} value={role}>
              {words.role[role]}
            </option>
          ))}
        </select>
      </label>
      {rights.role === "operator" ? (
        <p className={form["hint"]}>{t.operatorHint}</p>
      ) : (
        <KitchenChoices chosen={rights.kitchens} onChange={setKitchens} />
      )}
      {!isWhole && <p className={form["hint"]}>{t.needsKitchen}</p>}
    </>
  );
}

function KitchenChoices({
  chosen,
  onChange,
}: {
  chosen: readonly string[];
  onChange: (kitchens: readonly string[]) => void;
}) {
  const t = useTexts(adminTexts).people;
  const names = useKitchenNames();
  return (
    <div role="group" aria-label={t.kitchens}>
      <p className={form["legend"]} aria-hidden="true">
        {t.kitchens}
      </p>
      <div className={form["choices"]}>
        {names.map(({ sppgId, name }) => (
          <label key={sppgId} className={form["choice"]}>
            <input
              type="checkbox"
              checked={chosen.includes(sppgId)}
              onChange={({ target }) => {
                const others = chosen.filter((one) => one !== sppgId);
                onChange(target.checked ? [...others, sppgId] : others);
              }}
            />
            {name}
          </label>
        ))}
      </div>
    </div>
  );
}
