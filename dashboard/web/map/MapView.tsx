import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { usePaletteName } from "../charts/usePaletteName.ts";
import { mapTexts } from "../i18n/map.ts";
import { useTexts } from "../i18n/LanguageProvider.tsx";
import { createMap } from "./create-map.ts";
import type { GroundSource } from "./ground.ts";
import type { MapClick, MapPort, MapSite, MapVehicle, Place, Trail } from "./map-port.ts";
import styles from "./MapView.module.css";

export interface MapViewProps {
  /** What a screen reader says it is; the list beside it says the same as the map. */
  label: string;
  ground: GroundSource;
  /** Whose data the ground is. */
  attribution: string;
  vehicles: readonly MapVehicle[];
  sites: readonly MapSite[];
  trail: Trail;
  selectedId: string | null;
  followedId: string | null;
  /** Brought into view whenever `viewKey` changes; not while that is empty. */
  view: readonly Place[];
  viewKey: string;
  /** What "show all" shows. */
  everything: readonly Place[];
  onClick: (click: MapClick) => void;
  /** Somebody has moved the map by hand. */
  onFollowEnd: () => void;
  className?: string | undefined;
  children?: ReactNode;
}

/** A map with its tools. It draws; what a press means is the page's to say. */
export function MapView(props: MapViewProps) {
  const { label, attribution, className = "", children } = props;
  const texts = useTexts(mapTexts);
  const ground = useRef<HTMLDivElement>(null);
  const scale = useRef<HTMLDivElement>(null);
  const [isGroundLost, setGroundLost] = useState(false);
  const { onFollowEnd } = props;
  const map = useMap({ ground, scale }, props.ground, { setGroundLost, onFollowEnd });
  useWhatItShows(map, props);
  const helpId = useId();
  return (
    <div className={`${styles["map"]} ${className}`}>
      {/* Arrow keys and + and − are the map's while it has the focus. */}
      <div
        ref={ground}
        className={styles["ground"]}
        role="application"
        aria-label={label}
        aria-describedby={helpId}
        tabIndex={0}
      />
      <p id={helpId} className="visually-hidden">
        {texts.help}
      </p>
      {isGroundLost && (
        <p className={styles["notice"]} role="status">
          {texts.groundFailed}
        </p>
      )}
      <div className={styles["tools"]} role="group" aria-label={texts.tools}>
        <Tool name={texts.nearer} path="M12 5v14M5 12h14" onPress={() => map?.zoomBy(1)} />
        <Tool name={texts.farther} path="M5 12h14" onPress={() => map?.zoomBy(-1)} />
        <Tool
          name={texts.showAll}
          path="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"
          onPress={() => map?.focus(props.everything)}
        />
      </div>
      <div className={styles["foot"]}>
        <div ref={scale} className={styles["scale"]} />
        <p>{attribution}</p>
      </div>
      {children}
    </div>
  );
}

function Tool({ name, path, onPress }: { name: string; path: string; onPress: () => void }) {
  return (
    <button type="button" aria-label={name} title={name} onClick={onPress}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}

interface Places {
  ground: React.RefObject<HTMLDivElement | null>;
  scale: React.RefObject<HTMLDivElement | null>;
}

/** The map that belongs to the element; made anew for another ground. */
function useMap(
  { ground, scale }: Places,
  source: GroundSource,
  tell: { setGroundLost: (isLost: boolean) => void; onFollowEnd: () => void },
): MapPort | null {
  const { setGroundLost } = tell;
  const followEnd = useRef(tell.onFollowEnd);
  useEffect(() => {
    followEnd.current = tell.onFollowEnd;
  });
  const [map, setMap] = useState<MapPort | null>(null);
  const palette = usePaletteName();
  const sourceKey = JSON.stringify(source);
  useEffect(() => {
    const [target, scaleElement] = [ground.current, scale.current];
    if (target === null || scaleElement === null) return undefined;
    setGroundLost(false);
    const made = createMap({
      target,
      scale: scaleElement,
      ground: JSON.parse(sourceKey) as GroundSource,
      onGroundReady: () => {
        target.dataset["ground"] = "ready";
      },
      onGroundFailed: () => setGroundLost(true),
      onFollowEnd: () => followEnd.current(),
    });
    setMap(made);
    return () => {
      setMap(null);
      made.destroy();
    };
  }, [ground, scale, sourceKey, setGroundLost]);
  useEffect(() => {
    // After the browser has the new theme's values.
    if (map !== null && palette !== "") map.restyle();
  }, [map, palette]);
  return map;
}

function useWhatItShows(map: MapPort | null, props: MapViewProps): void {
  const { vehicles, sites, trail, selectedId, followedId, view, viewKey, onClick } = props;
  const clicked = useRef(onClick);
  const places = useRef(view);
  useEffect(() => {
    clicked.current = onClick;
    places.current = view;
  });
  useEffect(() => map?.on("click", (click) => clicked.current(click)), [map]);
  useEffect(() => map?.setVehicles(vehicles), [map, vehicles]);
  useEffect(() => map?.setSites(sites), [map, sites]);
  useEffect(() => map?.setTrail(trail), [map, trail]);
  useEffect(() => map?.setSelected(selectedId), [map, selectedId]);
  useEffect(() => map?.follow(followedId), [map, followedId]);
  useEffect(() => {
    if (viewKey !== "") map?.focus(places.current);
  }, [map, viewKey]);
}
