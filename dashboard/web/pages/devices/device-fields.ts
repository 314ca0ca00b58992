import { codecNames, deviceKinds, devicePlaces } from "../../../../devices/browser.ts";
import type { CallInput } from "../../api/call.ts";

type AddBody = CallInput<"addDevice">["body"];

/** What the form holds; a field that it does not have is left out. */
export interface DeviceFields {
  deviceId: string;
  kind: AddBody["kind"];
  codec: NonNullable<AddBody["codec"]> | null;
  gatewayId: string | null;
  name: string | null;
  place: NonNullable<AddBody["place"]> | null;
  expectedIntervalSeconds: number;
}

export function readFields(form: FormData): DeviceFields {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const choice = <Choice extends string>(name: string, choices: readonly Choice[]) =>
    choices.find((one) => one === text(name)) ?? null;
  return {
    deviceId: text("deviceId"),
    kind: choice("kind", deviceKinds) ?? "temperature-probe",
    codec: choice("codec", codecNames),
    gatewayId: text("gatewayId") === "" ? null : text("gatewayId"),
    name: text("name") === "" ? null : text("name"),
    place: choice("place", devicePlaces),
    expectedIntervalSeconds: Number(text("interval")),
  };
}
