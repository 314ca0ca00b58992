import { Age } from "../../components/Age.tsx";
import { Button } from "../../components/Button.tsx";
import { fleetTexts } from "../../i18n/fleet.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import type { FleetVehicle } from "./fleet.ts";
import { trailHours, type TrailAnswer } from "./useTrail.ts";
import { useVehicleWords } from "./useVehicleWords.ts";
import { VehicleMark } from "./VehicleMark.tsx";
import styles from "./VehicleCard.module.css";

/** All that is known of the selected vehicle. */
export function VehicleCard(props: {
  vehicle: FleetVehicle;
  trail: TrailAnswer;
  isFollowed: boolean;
  onFollow: (isFollowed: boolean) => void;
  onClose: () => void;
}) {
  const { vehicle, trail, isFollowed, onFollow, onClose } = props;
  const texts = useTexts(fleetTexts);
  const { close } = useWords();
  const words = useVehicleWords();
  const name = words.name(vehicle);
  return (
    <section className={`${styles["card"]} ${styles[vehicle.state]}`} aria-label={name}>
      <header>
        <VehicleMark state={vehicle.state} headingDeg={vehicle.fix?.headingDeg ?? null} />
        <h2>{name}</h2>
        <p>{words.state(vehicle)}</p>
      </header>
      <Facts vehicle={vehicle} />
      <p className={styles["trail"]}>
        <TrailText trail={trail} />
      </p>
      <footer>
        {vehicle.fix !== null && (
          <Button aria-pressed={isFollowed} onClick={() => onFollow(!isFollowed)}>
            {isFollowed ? texts.unfollow : texts.follow}
          </Button>
        )}
        <Button look="quiet" onClick={onClose}>
          {close}
        </Button>
        <Age
          lastHeardAtMs={vehicle.receivedTimeMs}
          expectedIntervalSeconds={vehicle.expectedIntervalSeconds}
        />
      </footer>
    </section>
  );
}

function Facts({ vehicle }: { vehicle: FleetVehicle }) {
  const texts = useTexts(fleetTexts);
  const format = useFormat();
  const { unknown } = useWords();
  const words = useVehicleWords();
  const { fix, kitchen, batteryPct, state } = vehicle;
  if (fix === null) return null;
  const { lat, lon, headingDeg, eventTimeMs } = fix;
  const rows = [
    [texts.facts.speed, words.speed(vehicle)],
    [texts.facts.heading, state === "moving" && headingDeg !== null ? compass(headingDeg) : null],
    [texts.facts.distance, words.distance(vehicle)],
    [texts.facts.seen, format.dateTime(eventTimeMs, kitchen.timeZone)],
    [texts.facts.battery, batteryPct === null ? null : format.measure(batteryPct, "%")],
    [texts.facts.place, `${format.number(lat, 5)} · ${format.number(lon, 5)}`],
  ] as const;
  function compass(degrees: number): string {
    return texts.compass[Math.round(degrees / 45) % 8] ?? unknown;
  }
  return (
    <dl>
      {rows.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function TrailText({ trail }: { trail: TrailAnswer }) {
  const texts = useTexts(fleetTexts);
  const format = useFormat();
  switch (trail.state) {
    case "none":
      return null;
    case "loading":
      return texts.trailLoading;
    case "failed":
      return texts.trailFailed;
    case "ready":
      return texts.trail(format.number(trailHours), format.number(trail.pointCount));
    default:
      return trail.state satisfies never;
  }
}
