import { useMemo, useState } from "react";
import { Skeleton } from "../../components/Notice.tsx";
import { fleetTexts } from "../../i18n/fleet.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import type { MapClick, MapSite, MapVehicle, Place, Trail } from "../../map/map-port.ts";
import { MapView } from "../../map/MapView.tsx";
import { useGround } from "../../map/useGround.ts";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { type FleetVehicle, siteOf } from "./fleet.ts";
import styles from "./FleetPage.module.css";
import { useVehicleWords } from "./useVehicleWords.ts";
import { VehicleMark } from "./VehicleMark.tsx";

/** More vehicles in one place are a cluster: a press goes nearer instead of listing them. */
const stackMax = 12;

export interface FleetMapProps {
  name: string;
  vehicles: readonly FleetVehicle[];
  kitchens: readonly Kitchen[];
  trail: Trail;
  selectedId: string | null;
  followedId: string | null;
  /** Counts the times that a vehicle was chosen outside of the map: each brings it into view. */
  chosenCount: number;
  onSelect: (vehicleId: string | null) => void;
  onFollowEnd: () => void;
}

interface Stack {
  vehicles: readonly FleetVehicle[];
  x: number;
  y: number;
}

export function FleetMap(props: FleetMapProps) {
  const { name, vehicles, kitchens, selectedId, chosenCount, onSelect } = props;
  const texts = useTexts(fleetTexts);
  const chosen = useGround();
  const drawn = useMapVehicles(vehicles);
  const sites = useSites(kitchens);
  const [stack, setStack] = useState<Stack | null>(null);
  const [near, setNear] = useState<{ places: readonly Place[]; count: number } | null>(null);
  if (chosen === null) return <Skeleton lines={6} />;
  const selected = drawn.find(({ id }) => id === selectedId);
  const everything: readonly Place[] = [...sites, ...drawn];
  const click = ({ vehicleIds, x, y }: MapClick): void => {
    setStack(null);
    const found = vehicles.filter(({ id }) => vehicleIds.includes(id));
    if (found.length <= 1) return onSelect(found[0]?.id ?? null);
    if (found.length <= stackMax) return setStack({ vehicles: found, x, y });
    const places = found.map(({ fix }) => fix).filter((fix) => fix !== null);
    return setNear((before) => ({ places, count: (before?.count ?? 0) + 1 }));
  };
  const whole = { view: everything, viewKey: everything.length === 0 ? "" : "all" };
  const one = { view: selected === undefined ? [] : [selected], viewKey: `one ${chosenCount}` };
  const nearer = near === null ? whole : { view: near.places, viewKey: `near ${near.count}` };
  const isChosen = chosenCount > 0 && selected !== undefined;
  return (
    <MapView
      {...(isChosen ? one : nearer)}
      label={texts.map(name)}
      ground={chosen.ground}
      attribution={chosen.attribution}
      vehicles={drawn}
      sites={sites}
      trail={props.trail}
      selectedId={selectedId}
      followedId={props.followedId}
      everything={everything}
      onClick={click}
      onFollowEnd={props.onFollowEnd}
      className={styles["map"]}
    >
      {stack !== null && (
        <StackList
          stack={stack}
          hasKitchens={kitchens.length > 1}
          onClose={() => setStack(null)}
          onSelect={(id) => {
            setStack(null);
            onSelect(id);
          }}
        />
      )}
    </MapView>
  );
}

function StackList(props: {
  stack: Stack;
  /** Vehicles of several kitchens have the same names. */
  hasKitchens: boolean;
  onSelect: (vehicleId: string) => void;
  onClose: () => void;
}) {
  const { stack, hasKitchens, onSelect, onClose } = props;
  const texts = useTexts(fleetTexts);
  const { close } = useWords();
  const format = useFormat();
  const words = useVehicleWords();
  return (
    <div
      className={styles["stack"]}
      role="dialog"
      aria-label={texts.stacked(format.number(stack.vehicles.length))}
      style={{ left: stack.x, top: stack.y }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        // The page's own Escape gives up what was chosen before.
        event.stopPropagation();
        onClose();
      }}
    >
      <ul>
        {stack.vehicles.map((vehicle, at) => (
          <li key={vehicle.id}>
            <button type="button" autoFocus={at === 0} onClick={() => onSelect(vehicle.id)}>
              <VehicleMark state={vehicle.state} headingDeg={vehicle.fix?.headingDeg ?? null} />
              <span>
                {words.label(vehicle)}
                {hasKitchens && <small>{vehicle.kitchen.name}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={onClose}>
        {close}
      </button>
    </div>
  );
}

/** Anew only when something of it is news: the map takes each list as one. */
function useMapVehicles(vehicles: readonly FleetVehicle[]): readonly MapVehicle[] {
  const words = useVehicleWords();
  const next = vehicles.flatMap((vehicle): MapVehicle[] => {
    const { id, fix, state, expectedIntervalSeconds } = vehicle;
    if (fix === null || state === "missing") return [];
    const { lat, lon, headingDeg, eventTimeMs: fixAtMs } = fix;
    const label = words.label(vehicle);
    return [{ id, label, state, lat, lon, headingDeg, fixAtMs, expectedIntervalSeconds }];
  });
  const key = JSON.stringify(next);
  // The same content keeps its identity: the map draws anew only what has changed.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  return useMemo(() => next, [key]);
}

function useSites(kitchens: readonly Kitchen[]): readonly MapSite[] {
  const next = kitchens.flatMap((kitchen): MapSite[] => {
    const place = siteOf(kitchen);
    const hasRings = kitchens.length === 1;
    if (place === null) return [];
    return [{ ...place, id: kitchen.sppgId, label: kitchen.name, hasRings }];
  });
  const key = JSON.stringify(next);
  // The same content keeps its identity: the map draws anew only what has changed.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  return useMemo(() => next, [key]);
}
