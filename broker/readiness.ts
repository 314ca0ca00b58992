import type { Journal } from "./journal/journal.ts";
import type { LoginSource } from "./ports.ts";

/** One named thing that must hold before work may be sent here; `/readyz` asks it. */
export interface BrokerCheck {
  name: string;
  check(): { ok: boolean; detail: string };
}

/** What the broker cannot do without: a journal that takes entries, and a registry it follows. */
export function brokerChecks(parts: { journal: Journal; logins: LoginSource }): BrokerCheck[] {
  const { journal, logins } = parts;
  return [
    {
      name: "journal",
      check: () => {
        const { condition } = journal;
        if (condition.kind === "open") {
          return { ok: true, detail: "a PUBACK means fdatasync has returned" };
        }
        const isWithheld = condition.kind === "withheld";
        return { ok: false, detail: isWithheld ? condition.reason : condition.kind };
      },
    },
    {
      name: "registry",
      check: () => ({
        ok: logins.isReadable,
        detail: logins.isReadable ? "followed within a second" : "change log can't be read",
      }),
    },
  ];
}
