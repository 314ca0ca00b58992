import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import { devicesTexts } from "../../i18n/devices.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import type { Advice } from "./device-view.ts";

/** What to do about a device, as a sentence. */
export function useAdvice(timeZone: KitchenTimeZone): (advice: Advice) => string {
  const t = useTexts(devicesTexts).advice;
  const format = useFormat();
  return (advice) => {
    if (advice.kind === "gatewaySilent") return t.gatewaySilent(format.number(advice.children));
    if (advice.kind === "rejected") return t.rejected(format.number(advice.count));
    if (advice.kind === "battery") return t.battery(format.measure(advice.batteryPct, "%"));
    if ("sinceMs" in advice) {
      return t[advice.kind](format.dateTime(advice.sinceMs, timeZone));
    }
    return t[advice.kind];
  };
}
