/** What a vehicle does, by shape and colour. Being late needs a plan: it comes with deliveries. */
export const vehicleStates = ["moving", "stopped", "silent"] as const;
export type VehicleState = (typeof vehicleStates)[number];

/** A place in degrees (WGS 84). */
export interface Place {
  lat: number;
  lon: number;
}

/** A vehicle as the map draws it: where its newest fix put it. */
export interface MapVehicle extends Place {
  /** Stable and unique on the map. */
  id: string;
  /** What stands beside it, in the page's language. */
  label: string;
  state: VehicleState;
  /** Clockwise from north; `null`: the tracker does not say. */
  headingDeg: number | null;
  /** When the tracker was there, in UTC ms: of two fixes with the same time only one counts. */
  fixAtMs: number;
  expectedIntervalSeconds: number;
}

/** A kitchen, with distance rings round it if `hasRings`. */
export interface MapSite extends Place {
  id: string;
  label: string;
  hasRings: boolean;
}

/** Where a vehicle has been: each list without a gap in it. */
export type Trail = readonly (readonly Place[])[];

/** What stands under a press: several, where they are drawn upon each other. Empty: the ground. */
export interface MapClick {
  vehicleIds: readonly string[];
  /** In CSS pixels from the map's upper left corner. */
  x: number;
  y: number;
  place: Place;
}

/**
 * A map as pages know it, whatever draws it. Distances on it are true near its middle. All calls
 * are cheap enough for each animation frame, except `setSites` and `setTrail`.
 */
export interface MapPort {
  /** All that are to be seen; one that moved is drawn on its way between its last two fixes. */
  setVehicles(vehicles: readonly MapVehicle[]): void;
  setSelected(vehicleId: string | null): void;
  setSites(sites: readonly MapSite[]): void;
  setTrail(trail: Trail): void;
  /** Brings places into view: one at street level, several together; nothing happens for none. */
  focus(places: readonly Place[]): void;
  /** Follows a vehicle until somebody moves the map; `null` ends it. */
  follow(vehicleId: string | null): void;
  /** 1 is one step nearer. */
  zoomBy(steps: number): void;
  /** Colours and fonts are read anew. */
  restyle(): void;
  /** @returns removes the listener. */
  on(event: "click", listener: (click: MapClick) => void): () => void;
  destroy(): void;
}
