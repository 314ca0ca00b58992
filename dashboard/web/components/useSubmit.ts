import { type FormEvent, useState } from "react";

/**
 * Sends a form and keeps what was typed when that fails: after a form's own `action` React resets
 * it, whether or not anybody has got what was in it.
 */
export function useSubmit(send: (form: FormData) => Promise<void>) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (form: FormData): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      await send(form);
    } catch (failure) {
      setError(failure);
    }
    setIsBusy(false);
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!isBusy) void submit(new FormData(event.currentTarget));
  };
  return { error, isBusy, onSubmit };
}
