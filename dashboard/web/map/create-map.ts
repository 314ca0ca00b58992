import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import type MapBrowserEvent from "ol/MapBrowserEvent.js";
import { type Ground, type GroundSource, openGround } from "./ground.ts";
import { type MapPalette, readMapPalette } from "./map-palette.ts";
import type { MapClick, MapPort, MapSite, MapVehicle, Place, Trail } from "./map-port.ts";
import { project, unproject } from "./mercator.ts";
import { ScaleBar } from "./scale-bar.ts";
import { SiteLayer } from "./site-layer.ts";
import { VehicleLayer } from "./vehicle-layer.ts";

/** The country, and what a person may look at beyond it: west, south, east, north. */
const indonesia = { west: 94.5, south: -11.5, east: 141.5, north: 6.5 };
const frame = { west: 84, south: -22, east: 156, north: 18 };
const zoomMax = 18;
/** One place fills a map with its quarter of a town. */
const placeZoom = 14;
const focusPadding = [56, 56, 56, 56];
const focusMs = 400;
const zoomMs = 160;
/** A canvas of a 4K phone has no more to show. */
const pixelRatioMax = 2;

export interface MapOptions {
  target: HTMLElement;
  ground: GroundSource;
  /** Where the scale is drawn. */
  scale: HTMLElement;
  /** The ground can't be had: vehicles are shown all the same. */
  onGroundFailed: (error: unknown) => void;
  onGroundReady?: () => void;
  /** Whoever moves the map looks elsewhere: it follows no vehicle any more. */
  onFollowEnd?: () => void;
}

/** A map of OpenLayers, on Canvas 2D alone. */
export function createMap(options: MapOptions): MapPort {
  return new OpenLayersMap(options);
}

class OpenLayersMap implements MapPort {
  readonly #target: HTMLElement;
  readonly #onFollowEnd: () => void;
  readonly #map: OlMap;
  readonly #view: View;
  readonly #sites = new SiteLayer();
  readonly #vehicles: VehicleLayer;
  readonly #scale: ScaleBar;
  readonly #listeners = new Set<(click: MapClick) => void>();
  readonly #reduced = matchMedia("(prefers-reduced-motion: reduce)");
  #ground: Ground | null = null;
  #palette: MapPalette;
  #followed: string | null = null;
  #isDestroyed = false;

  constructor(options: MapOptions) {
    this.#target = options.target;
    this.#onFollowEnd = options.onFollowEnd ?? (() => undefined);
    this.#palette = readMapPalette(options.target);
    this.#scale = new ScaleBar(options.scale);
    const pixelRatio = Math.min(devicePixelRatio, pixelRatioMax);
    this.#vehicles = new VehicleLayer(this.#palette, pixelRatio, () => this.#keepUp());
    this.#sites.restyle(this.#palette, options.ground.kind !== "bundled");
    this.#view = new View({
      extent: extentOf(frame),
      maxZoom: zoomMax,
      enableRotation: false,
      showFullExtent: true,
      smoothExtentConstraint: false,
    });
    this.#map = new OlMap({
      target: options.target,
      pixelRatio,
      view: this.#view,
      layers: [...this.#sites.layers, this.#vehicles.layer],
      controls: [],
      interactions: defaultInteractions({
        altShiftDragRotate: false,
        pinchRotate: false,
        zoomDuration: this.#reduced.matches ? 0 : zoomMs,
      }),
    });
    this.#view.fit(extentOf(indonesia), { size: this.#map.getSize() ?? [600, 400] });
    this.#listen();
    void this.#loadGround(options);
  }

  setVehicles(vehicles: readonly MapVehicle[]): void {
    this.#vehicles.set(vehicles);
  }

  setSelected(vehicleId: string | null): void {
    this.#vehicles.select(vehicleId);
  }

  setSites(sites: readonly MapSite[]): void {
    this.#sites.setSites(sites);
  }

  setTrail(trail: Trail): void {
    this.#sites.setTrail(trail);
  }

  focus(places: readonly Place[]): void {
    if (places.length === 0) return;
    const points = places.map(project);
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    const extent = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    const duration = this.#reduced.matches ? 0 : focusMs;
    this.#map.updateSize();
    this.#view.fit(extent, { padding: focusPadding, maxZoom: placeZoom, duration });
  }

  follow(vehicleId: string | null): void {
    this.#followed = vehicleId;
    this.#keepUp();
  }

  zoomBy(steps: number): void {
    const zoom = this.#view.getZoom();
    if (zoom === undefined) return;
    const duration = this.#reduced.matches ? 0 : zoomMs;
    this.#view.animate({ zoom: zoom + steps, duration });
  }

  restyle(): void {
    this.#palette = readMapPalette(this.#target);
    this.#target.style.backgroundColor = this.#palette.water;
    this.#ground?.restyle(this.#palette);
    this.#sites.restyle(this.#palette);
    this.#vehicles.restyle(this.#palette);
  }

  on(_event: "click", listener: (click: MapClick) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#listeners.clear();
    this.#target.removeEventListener("keydown", this.#stopFollowing);
    this.#vehicles.destroy();
    this.#scale.destroy();
    this.#map.setTarget(undefined);
    this.#map.dispose();
  }

  async #loadGround({ ground, onGroundFailed, onGroundReady }: MapOptions): Promise<void> {
    try {
      const opened = await openGround(ground, this.#palette);
      if (this.#isDestroyed) return;
      this.#ground = opened;
      this.restyle();
      const layers = this.#map.getLayers();
      for (const [at, layer] of opened.layers.entries()) layers.insertAt(at, layer);
      // Rings lie on the ground, and names on the rings.
      if (opened.names !== null) layers.insertAt(opened.layers.length + 1, opened.names);
      onGroundReady?.();
    } catch (error) {
      if (!this.#isDestroyed) onGroundFailed(error);
    }
  }

  #listen(): void {
    this.#map.on("postrender", () => {
      const resolution = this.#view.getResolution();
      const [x = 0, y = 0] = this.#view.getCenter() ?? [];
      // Mercator stretches by the cosine of the latitude.
      const stretch = Math.cos((unproject({ x, y }).lat * Math.PI) / 180);
      if (resolution !== undefined) this.#scale.show(resolution * stretch);
    });
    this.#map.on("click", (event: MapBrowserEvent) => {
      const [x = 0, y = 0] = event.pixel;
      const [east = 0, north = 0] = event.coordinate;
      const vehicleIds = this.#vehicles.find(x, y).map(({ id }) => id);
      const click: MapClick = { vehicleIds, x, y, place: unproject({ x: east, y: north }) };
      for (const listener of this.#listeners) listener(click);
    });
    this.#map.on("pointermove", (event: MapBrowserEvent) => {
      if (event.dragging) return;
      const [x = 0, y = 0] = event.pixel;
      const isOver = this.#vehicles.find(x, y).length > 0;
      this.#target.style.cursor = isOver ? "pointer" : "";
    });
    this.#map.on("pointerdrag", this.#stopFollowing);
    this.#target.addEventListener("keydown", this.#stopFollowing);
  }

  readonly #stopFollowing = (): void => {
    if (this.#followed === null) return;
    this.#followed = null;
    this.#onFollowEnd();
  };

  /** Keeps the followed vehicle in the middle, where it is drawn. */
  #keepUp(): void {
    if (this.#followed === null) return;
    const position = this.#vehicles.positionOf(this.#followed);
    const resolution = this.#view.getResolution();
    if (position === null || resolution === undefined || this.#view.getAnimating()) return;
    const [x = 0, y = 0] = this.#view.getCenter() ?? [];
    if (Math.hypot(position.x - x, position.y - y) < resolution) return;
    this.#view.setCenter([position.x, position.y]);
  }
}

function extentOf({ west, south, east, north }: typeof frame): number[] {
  const from = project({ lat: south, lon: west });
  const to = project({ lat: north, lon: east });
  return [from.x, from.y, to.x, to.y];
}
