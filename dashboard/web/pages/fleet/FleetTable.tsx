import { useState } from "react";
import { Age } from "../../components/Age.tsx";
import { fleetTexts } from "../../i18n/fleet.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import {
  type FleetVehicle,
  type SortColumn,
  sortColumns,
  sortFleet,
  type Sorting,
} from "./fleet.ts";
import styles from "./FleetTable.module.css";
import { useVehicleWords } from "./useVehicleWords.ts";
import { VehicleMark } from "./VehicleMark.tsx";

/** A page of more rows nobody reads; sorting brings others to the top. */
const rowsMax = 200;

/** Every vehicle of the map in words, sortable: where no map can be seen it is the page. */
export function FleetTable(props: {
  vehicles: readonly FleetVehicle[];
  selectedId: string | null;
  /** Vehicles of several kitchens say whose they are. */
  hasKitchens: boolean;
  onSelect: (vehicle: FleetVehicle) => void;
}) {
  const { vehicles, selectedId, hasKitchens, onSelect } = props;
  const texts = useTexts(fleetTexts);
  const format = useFormat();
  const [sorting, setSorting] = useState<Sorting>({ column: "name", isDescending: false });
  const shown = sortFleet(vehicles, sorting).slice(0, rowsMax);
  const press = (column: SortColumn): void =>
    setSorting((now) => ({ column, isDescending: now.column === column && !now.isDescending }));
  return (
    <>
      <table className={styles["table"]} aria-label={texts.list}>
        <thead>
          <tr>
            {sortColumns.map((column) => (
              <th key={column} scope="col" aria-sort={ariaSort(column, sorting)}>
                <button
                  type="button"
                  aria-label={texts.sortBy(texts.columns[column])}
                  onClick={() => press(column)}
                >
                  {texts.columns[column]}
                  <SortMark column={column} sorting={sorting} />
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((vehicle) => (
            <Row
              key={vehicle.id}
              vehicle={vehicle}
              isSelected={vehicle.id === selectedId}
              hasKitchen={hasKitchens}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
      {vehicles.length > shown.length && (
        <p className={styles["more"]}>
          {texts.rowsLeftOut(format.number(vehicles.length - shown.length))}
        </p>
      )}
    </>
  );
}

function Row(props: {
  vehicle: FleetVehicle;
  isSelected: boolean;
  hasKitchen: boolean;
  onSelect: (vehicle: FleetVehicle) => void;
}) {
  const { vehicle, isSelected, hasKitchen, onSelect } = props;
  const texts = useTexts(fleetTexts);
  const unknown = useWords().unknown;
  const words = useVehicleWords();
  return (
    <tr
      className={`${styles[vehicle.state]} ${isSelected ? styles["selected"] : ""}`}
      data-vehicle={vehicle.id}
    >
      <th scope="row">
        <button type="button" aria-pressed={isSelected} onClick={() => onSelect(vehicle)}>
          <VehicleMark state={vehicle.state} headingDeg={vehicle.fix?.headingDeg ?? null} />
          <span>
            {words.name(vehicle)}
            {hasKitchen && <small>{vehicle.kitchen.name}</small>}
          </span>
        </button>
      </th>
      <td data-label={texts.columns.state}>{words.state(vehicle)}</td>
      <td data-label={texts.columns.speed}>{words.speed(vehicle) ?? <i>{unknown}</i>}</td>
      <td data-label={texts.columns.distance}>{words.distance(vehicle) ?? <i>{unknown}</i>}</td>
      <td data-label={texts.columns.age}>
        <Age
          lastHeardAtMs={vehicle.receivedTimeMs}
          expectedIntervalSeconds={vehicle.expectedIntervalSeconds}
        />
      </td>
    </tr>
  );
}

function ariaSort(column: SortColumn, sorting: Sorting): "ascending" | "descending" | "none" {
  if (sorting.column !== column) return "none";
  return sorting.isDescending ? "descending" : "ascending";
}

function SortMark({ column, sorting }: { column: SortColumn; sorting: Sorting }) {
  if (sorting.column !== column) return null;
  return (
    <svg viewBox="0 0 10 10" aria-hidden="true">
      <path d={sorting.isDescending ? "M1 3.5h8L5 8z" : "M1 7h8L5 2.5z"} />
    </svg>
  );
}
