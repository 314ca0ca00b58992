import { type ReactNode, useState } from "react";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { ErrorState } from "../../components/Notice.tsx";
import { useSubmit } from "../../components/useSubmit.ts";
import { devicesTexts } from "../../i18n/devices.ts";
import { useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import styles from "./DeviceForms.module.css";

interface Asked {
  name: string;
  onClose: () => void;
}

export function RevokeDialog({ name, onClose, revoke }: Asked & { revoke: () => Promise<void> }) {
  const t = useTexts(devicesTexts);
  return (
    <Dialog title={t.confirm.revokeTitle(name)} onClose={onClose}>
      <p className={styles["hint"]}>{t.confirm.revokeText}</p>
      <Act label={t.revoke} act={revoke} onCancel={onClose} />
    </Dialog>
  );
}

export function EnableDialog({ name, onClose, enable }: Asked & { enable: () => Promise<void> }) {
  const t = useTexts(devicesTexts);
  return (
    <Dialog title={t.confirm.enableTitle(name)} onClose={onClose}>
      <p className={styles["hint"]}>{t.confirm.enableText}</p>
      <Act label={t.enable} act={enable} onCancel={onClose} />
    </Dialog>
  );
}

const overlapSeconds = 600;

export function RotateDialog({
  name,
  onClose,
  rotate,
}: Asked & { rotate: (overlapSeconds: number) => Promise<void> }) {
  const t = useTexts(devicesTexts);
  const [overlap, setOverlap] = useState(overlapSeconds);
  const choices = [
    { seconds: overlapSeconds, text: t.confirm.overlap },
    { seconds: 0, text: t.confirm.now },
  ];
  return (
    <Dialog title={t.confirm.rotateTitle(name)} onClose={onClose}>
      <fieldset className={styles["choices"]}>
        <legend className={styles["hint"]}>{t.confirm.rotateText}</legend>
        {choices.map(({ seconds, text }) => (
          <label key={seconds}>
            <input
              type="radio"
              name="overlap"
              checked={overlap === seconds}
              onChange={() => setOverlap(seconds)}
            />
            {text}
          </label>
        ))}
      </fieldset>
      <Act label={t.rotate} act={() => rotate(overlap)} onCancel={onClose} />
    </Dialog>
  );
}

function Act({
  label,
  act,
  onCancel,
}: {
  label: string;
  act: () => Promise<void>;
  onCancel: () => void;
}): ReactNode {
  const words = useWords();
  const { error, isBusy, onSubmit } = useSubmit(act);
  return (
    <form onSubmit={onSubmit} className={styles["form"]}>
      {error !== null && <ErrorState error={error} />}
      <div className={styles["acts"]}>
        <Button size="wet" onClick={onCancel}>
          {words.cancel}
        </Button>
        <Button type="submit" look="primary" size="wet" disabled={isBusy}>
          {label}
        </Button>
      </div>
    </form>
  );
}
