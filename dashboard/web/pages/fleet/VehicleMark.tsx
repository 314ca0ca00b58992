import type { FleetVehicle } from "./fleet.ts";
import styles from "./VehicleMark.module.css";

/** The same shapes as on the map: circle with arrow, square with bars, dashed circle. */
export function VehicleMark({
  state,
  headingDeg = null,
}: {
  state: FleetVehicle["state"];
  headingDeg?: number | null;
}) {
  return (
    <svg
      viewBox="-12 -12 24 24"
      aria-hidden="true"
      className={`${styles["mark"]} ${styles[state]}`}
    >
      {state === "moving" && (
        <>
          <circle r="11" />
          <path d="M0-6.5 4.6 5.4 0 2.8-4.6 5.4z" transform={`rotate(${headingDeg ?? 90})`} />
        </>
      )}
      {state === "stopped" && (
        <>
          <rect x="-9.5" y="-9.5" width="19" height="19" rx="4" />
          <path d="M-3-4.4v8.8M3-4.4v8.8" />
        </>
      )}
      {state === "silent" && (
        <>
          <circle r="10.4" />
          <path d="m-4 4 8-8" />
        </>
      )}
      {state === "missing" && <circle r="9.5" />}
    </svg>
  );
}
