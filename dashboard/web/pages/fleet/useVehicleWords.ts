import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { fleetTexts } from "../../i18n/fleet.ts";
import { useNow } from "../../design/clock.ts";
import type { FleetVehicle } from "./fleet.ts";

/** What map, list and card say of a vehicle: the same words in each. */
export interface VehicleWords {
  name(vehicle: FleetVehicle): string;
  state(vehicle: FleetVehicle): string;
  /** `28 km/j`; `null` where it says nothing about now. */
  speed(vehicle: FleetVehicle): string | null;
  /** `1,4 km`, `380 m`. */
  distance(vehicle: FleetVehicle): string | null;
  age(vehicle: FleetVehicle): string | null;
  /** Beside it on the map. */
  label(vehicle: FleetVehicle): string;
}

/** Below it a fix may be off by as much. */
const nearMeters = 60;

export function useVehicleWords(): VehicleWords {
  const words = useWords();
  const texts = useTexts(fleetTexts);
  const format = useFormat();
  const nowMs = useNow();
  const name = ({ name: given, number }: FleetVehicle): string =>
    given ?? (number === null ? words.place.vehicle : `${words.place.vehicle} ${number}`);
  const speed = ({ state, speedKmh }: FleetVehicle): string | null =>
    speedKmh === null || state === "silent" || state === "missing"
      ? null
      : format.measure(state === "stopped" ? 0 : speedKmh, "km/h");
  const age = ({ receivedTimeMs }: FleetVehicle): string | null =>
    receivedTimeMs === null ? null : format.age(nowMs - receivedTimeMs);
  return {
    name,
    speed,
    age,
    state: ({ state }) => texts.state[state],
    distance({ distanceMeters }) {
      if (distanceMeters === null) return null;
      if (distanceMeters < nearMeters) return texts.here;
      if (distanceMeters < 950) return `${format.number(Math.round(distanceMeters / 10) * 10)} m`;
      return `${format.number(distanceMeters / 1_000, 1)} km`;
    },
    label(vehicle) {
      const what = vehicle.state === "moving" ? speed(vehicle) : null;
      const second = vehicle.state === "silent" ? age(vehicle) : what;
      return [name(vehicle), second].filter((part) => part !== null).join(" · ");
    },
  };
}
