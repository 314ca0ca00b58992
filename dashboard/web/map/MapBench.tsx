import { StrictMode, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { LanguageProvider } from "../i18n/LanguageProvider.tsx";
import { MapView } from "./MapView.tsx";
import type { MapVehicle, Place } from "./map-port.ts";
import { destination } from "./mercator.ts";

/** A page of the map alone, for `tests/bench/fleet-map.ts`; no page of the product imports it. */

const middle: Place = { lat: -6.2, lon: 106.83 };
/** A new list comes to the map as often as live values of a sensor may. */
const listMs = 250;
/** As a tracker's default; so each time a fortieth of all has a new fix. */
const intervalSeconds = 10;
const parts = (intervalSeconds * 1_000) / listMs;
const kilometersMax = 24;

interface Driven {
  place: Place;
  headingDeg: number;
  speedKmh: number;
}

/** The same numbers each time, so that two runs draw the same. */
function makeFleet(count: number): { driven: Driven[]; vehicles: MapVehicle[] } {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const driven = Array.from({ length: count }, (): Driven => {
    const meters = kilometersMax * 1_000 * Math.sqrt(random());
    const place = destination(middle, meters, random() * 360);
    return { place, headingDeg: random() * 360, speedKmh: 20 + random() * 40 };
  });
  const vehicles = driven.map(
    ({ place, headingDeg }, at): MapVehicle => ({
      ...place,
      id: `vehicle-${at}`,
      label: `Kendaraan ${at}`,
      state: "moving",
      headingDeg,
      fixAtMs: 0,
      expectedIntervalSeconds: intervalSeconds,
    }),
  );
  return { driven, vehicles };
}

/** Everybody drives; each has a new fix when its interval is over, as real trackers do. */
function useDrivenFleet(count: number): readonly MapVehicle[] {
  const made = useMemo(() => makeFleet(count), [count]);
  const [vehicles, setVehicles] = useState<readonly MapVehicle[]>(made.vehicles);
  useEffect(() => {
    let turn = 0;
    const timer = setInterval(() => {
      turn += 1;
      setVehicles((before) =>
        before.map((vehicle, at) => {
          const own = made.driven[at];
          if (own === undefined || at % parts !== turn % parts) return vehicle;
          const meters = (own.speedKmh / 3.6) * intervalSeconds;
          own.place = destination(own.place, meters, own.headingDeg);
          return { ...vehicle, ...own.place, fixAtMs: vehicle.fixAtMs + intervalSeconds * 1_000 };
        }),
      );
    }, listMs);
    return () => clearInterval(timer);
  }, [made]);
  return vehicles;
}

const noTrail: readonly (readonly Place[])[] = [];
const sites = [{ ...middle, id: "bench", label: "Dapur", hasRings: true }];

function MapBench({ count }: { count: number }) {
  const vehicles = useDrivenFleet(count);
  return (
    <MapView
      label="Bench"
      ground={{ kind: "bundled" }}
      attribution="Natural Earth"
      vehicles={vehicles}
      sites={sites}
      trail={noTrail}
      selectedId={null}
      followedId={null}
      view={sites}
      viewKey="bench"
      everything={sites}
      onClick={() => undefined}
      onFollowEnd={() => undefined}
      className="bench"
    />
  );
}

const root = document.getElementById("root");
const count = Number(new URLSearchParams(window.location.search).get("vehicles") ?? 0);
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <MapBench count={count} />
      </LanguageProvider>
    </StrictMode>,
  );
}
