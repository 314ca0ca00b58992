import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { kitchenTimeZones } from "../../../../devices/browser.ts";
import type { RouteAnswer } from "../../../contract/index.ts";
import { call } from "../../api/page-api.ts";
import { useCommandKey } from "../../api/useCommandKey.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import form from "../../components/Form.module.css";
import { ErrorState, Skeleton } from "../../components/Notice.tsx";
import { adminTexts } from "../../i18n/admin.ts";
import { zoneNames } from "../../i18n/format.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { formatKitchenPlace, parseKitchenPlace } from "./kitchen-place.ts";

type Kitchen = RouteAnswer<"readKitchen">;
type Facts = Pick<Kitchen, "name" | "timeZone" | "latitude" | "longitude">;

export function AddKitchenDialog({ onClose }: { onClose: () => void }) {
  const t = useTexts(adminTexts).kitchens;
  const [sppgId, setSppgId] = useState("");
  const keyFor = useCommandKey();
  const add = useKitchenChange(onClose, (facts) => {
    const body = { sppgId: sppgId.trim(), ...facts };
    return call("addKitchen", { body, idempotencyKey: keyFor(body) });
  });
  return (
    <Dialog title={t.add} onClose={onClose}>
      <FactsForm before={null} change={add} submit={t.addSubmit} onClose={onClose}>
        <label className={form["field"]}>
          {t.id}
          <input
            name="sppgId"
            value={sppgId}
            onChange={({ target }) => setSppgId(target.value)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            pattern="[a-z0-9][a-z0-9\-]{1,62}[a-z0-9]"
            required
          />
          <span className={form["hint"]}>{t.idHint}</span>
        </label>
      </FactsForm>
    </Dialog>
  );
}

export function ChangeKitchenDialog({ sppgId, onClose }: { sppgId: string; onClose: () => void }) {
  const t = useTexts(adminTexts);
  const query = useQuery({
    queryKey: ["kitchen", sppgId],
    queryFn: ({ signal }) => call("readKitchen", { params: { sppgId }, signal }),
    // The version in force, and not the one of the last time this was opened.
    gcTime: 0,
  });
  const { data: kitchen, error } = query;
  const change = useKitchenChange(onClose, (facts) => {
    const { name, timeZone, latitude, longitude } = facts;
    const body = { name, timeZone, latitude, longitude, expectedVersion: kitchen?.version };
    return call("putKitchen", { params: { sppgId }, body });
  });
  return (
    <Dialog title={sppgId} onClose={onClose}>
      {error !== null && <ErrorState error={error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton lines={2} />}
      {kitchen !== undefined && (
        <FactsForm before={kitchen} change={change} submit={t.save} onClose={onClose} />
      )}
    </Dialog>
  );
}

function useKitchenChange(onDone: () => void, send: (facts: Facts) => Promise<Kitchen>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async ({ sppgId }) => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["kitchens"] }),
        queries.invalidateQueries({ queryKey: ["snapshot", sppgId] }),
      ]);
      onDone();
    },
  });
}

const newKitchen: Facts = { name: "", timeZone: "Asia/Jakarta", latitude: null, longitude: null };

function FactsForm(props: {
  before: Facts | null;
  change: ReturnType<typeof useKitchenChange>;
  submit: string;
  onClose: () => void;
  children?: ReactNode;
}) {
  const { before, change, submit, onClose, children } = props;
  const t = useTexts(adminTexts);
  const words = useWords();
  const [facts, setFacts] = useState<Facts>(before ?? newKitchen);
  const [placeText, setPlaceText] = useState(formatKitchenPlace(facts));
  const place = parseKitchenPlace(placeText);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (place !== undefined) change.mutate({ ...facts, name: facts.name.trim(), ...place });
  };
  return (
    <form className={form["form"]} onSubmit={send}>
      {children}
      <label className={form["field"]}>
        {t.kitchens.name}
        <input
          name="name"
          value={facts.name}
          onChange={({ target }) => setFacts({ ...facts, name: target.value })}
          maxLength={200}
          required
        />
      </label>
      <label className={form["field"]}>
        {t.kitchens.zone}
        <select
          name="timeZone"
          value={facts.timeZone}
          onChange={({ target }) => {
            const timeZone = kitchenTimeZones.find((zone) => zone === target.value);
            setFacts({ ...facts, timeZone: timeZone ?? facts.timeZone });
          }}
        >
          {kitchenTimeZones.map((zone) => (
            <option key={zone} value={zone}>
              {zoneNames[zone]} · {zone}
            </option>
          ))}
        </select>
      </label>
      <PlaceField text={placeText} isWrong={place === undefined} onChange={setPlaceText} />
      {change.error !== null && <ErrorState error={change.error} />}
      <div className={form["acts"]}>
        <Button onClick={onClose}>{words.cancel}</Button>
        <Button type="submit" look="primary" disabled={change.isPending}>
          {change.isPending ? t.saving : submit}
        </Button>
      </div>
    </form>
  );
}

function PlaceField(props: { text: string; isWrong: boolean; onChange: (text: string) => void }) {
  const { text, isWrong, onChange } = props;
  const t = useTexts(adminTexts).kitchens;
  return (
    <label className={form["field"]}>
      {t.place}
      <input
        name="place"
        value={text}
        onChange={({ target }) => onChange(target.value)}
        ref={(input) => input?.setCustomValidity(isWrong ? t.placeWrong : "")}
        autoComplete="off"
        spellCheck={false}
        placeholder="-6.1754, 106.8272"
      />
      <span className={form["hint"]}>{t.placeHint}</span>
    </label>
  );
}
