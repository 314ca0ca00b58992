import { useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { pagePaths } from "../../../contract/index.ts";
import { useLastKitchen } from "../../app/last-kitchen.ts";
import { EmptyState, Skeleton } from "../../components/Notice.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { fleetTexts } from "../../i18n/fleet.ts";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useTexts } from "../../i18n/LanguageProvider.tsx";
import { KitchenChoice } from "../../kitchens/KitchenChoice.tsx";
import { useKitchenSnapshots } from "../../kitchens/useKitchens.ts";
import { RealtimeProvider } from "../../realtime/RealtimeProvider.tsx";
import type { FleetVehicle } from "./fleet.ts";
import { FleetMap } from "./FleetMap.tsx";
import styles from "./FleetPage.module.css";
import { FleetTable } from "./FleetTable.tsx";
import { type Fleet, type FleetAnswer, useAllFleets, useKitchenFleet } from "./useFleet.ts";
import { useTrail } from "./useTrail.ts";
import { VehicleCard } from "./VehicleCard.tsx";

const allKitchens = "all";

/** Vehicles on a map and in a list that says the same; of one kitchen live, or of all. */
export function FleetPage() {
  const asked = new URLSearchParams(useSearch()).get("kitchen");
  const last = useLastKitchen();
  const { kitchens, isLoading } = useKitchenSnapshots();
  const known = [asked, last].find((id) => kitchens.some(({ sppgId }) => sppgId === id));
  const sppgId = asked === allKitchens ? allKitchens : (known ?? kitchens[0]?.sppgId ?? asked);
  if (sppgId === null) return isLoading ? <Skeleton lines={6} /> : <Nothing />;
  return (
    <RealtimeProvider>
      {sppgId === allKitchens ? (
        <AllFleets key={sppgId} />
      ) : (
        <KitchenFleet key={sppgId} sppgId={sppgId} />
      )}
    </RealtimeProvider>
  );
}

function Nothing() {
  return <EmptyState text={useTexts(fleetTexts).title.none} />;
}

function KitchenFleet({ sppgId }: { sppgId: string }) {
  return <FleetOrState answer={useKitchenFleet(sppgId)} chosen={sppgId} />;
}

function AllFleets() {
  return <FleetOrState answer={useAllFleets()} chosen={allKitchens} />;
}

function FleetOrState({ answer, chosen }: { answer: FleetAnswer; chosen: string }) {
  const texts = useTexts(kitchenTexts);
  switch (answer.state) {
    case "loading":
      return <Skeleton lines={6} />;
    case "failed":
      return <EmptyState text={texts.failed[answer.code]} />;
    case "ready":
      return <FleetView fleet={answer.fleet} chosen={chosen} />;
    default:
      return answer satisfies never;
  }
}

function FleetView({ fleet, chosen }: { fleet: Fleet; chosen: string }) {
  const texts = useTexts(fleetTexts);
  const { vehicles, kitchens } = fleet;
  const isAll = chosen === allKitchens;
  const choice = useChoice(vehicles);
  const { selected } = choice;
  const trail = useTrail(selected);
  const [kitchen] = kitchens;
  const name = isAll ? texts.allKitchens : (kitchen?.name ?? chosen);
  return (
    <div className={`${styles["page"]} ${fleet.isStale ? styles["stale"] : ""}`}>
      <FleetHead fleet={fleet} name={name}>
        <FleetChoice chosen={chosen} />
      </FleetHead>
      <div className={styles["board"]}>
        <FleetMap
          name={name}
          vehicles={vehicles}
          kitchens={kitchens}
          trail={trail.trail}
          selectedId={selected?.id ?? null}
          followedId={choice.isFollowed ? (selected?.id ?? null) : null}
          chosenCount={choice.chosenCount}
          onSelect={choice.selectOnMap}
          onFollowEnd={() => choice.follow(false)}
        />
        <div className={styles["side"]}>
          {selected !== null && (
            <VehicleCard
              vehicle={selected}
              trail={trail}
              isFollowed={choice.isFollowed}
              onFollow={choice.follow}
              onClose={choice.clear}
            />
          )}
          {vehicles.length === 0 ? (
            <EmptyState text={texts.empty} />
          ) : (
            <div className={styles["list"]}>
              <FleetTable
                vehicles={vehicles}
                selectedId={selected?.id ?? null}
                hasKitchens={isAll}
                onSelect={choice.selectInList}
              />
            </div>
          )}
          <Notes fleet={fleet} isAll={isAll} />
        </div>
      </div>
    </div>
  );
}

function Notes({ fleet, isAll }: { fleet: Fleet; isAll: boolean }) {
  const texts = useTexts(fleetTexts);
  const format = useFormat();
  const [kitchen] = fleet.kitchens;
  const isPlaceless = !isAll && kitchen !== undefined && kitchen.latitude === null;
  return (
    <>
      {isPlaceless && <p className={styles["note"]}>{texts.noPlace}</p>}
      {fleet.leftOut > 0 && (
        <p className={styles["note"]}>{texts.leftOut(format.number(fleet.leftOut))}</p>
      )}
    </>
  );
}

/** Which vehicle is chosen, and from where: what was chosen in the list comes into view. */
function useChoice(vehicles: readonly FleetVehicle[]) {
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const [isFollowed, setFollowed] = useState(false);
  const [chosenCount, setChosenCount] = useState(0);
  const selected = vehicles.find(({ id }) => id === selectedId) ?? null;
  const select = (id: string | null): void => {
    setSelectedId(id);
    setFollowed(false);
  };
  useEffect(() => {
    if (selectedId === null) return undefined;
    const leave = (event: KeyboardEvent): void => {
      if (event.key === "Escape") setSelectedId(null);
    };
    document.addEventListener("keydown", leave);
    return () => document.removeEventListener("keydown", leave);
  }, [selectedId]);
  return {
    selected,
    isFollowed: isFollowed && selected !== null,
    chosenCount,
    selectOnMap: select,
    selectInList: ({ id }: FleetVehicle) => {
      select(id);
      setChosenCount((count) => count + 1);
    },
    follow: setFollowed,
    clear: () => select(null),
  };
}

function FleetHead(props: { fleet: Fleet; name: string; children: React.ReactNode }) {
  const { fleet, name, children } = props;
  const texts = useTexts(fleetTexts);
  const format = useFormat();
  const count = (state: FleetVehicle["state"]): number =>
    fleet.vehicles.filter((vehicle) => vehicle.state === state).length;
  const [silent, moving, stopped] = [count("silent"), count("moving"), count("stopped")];
  const calm = stopped > 0 ? texts.title.stopped : texts.title.unheard;
  const now = moving > 0 ? texts.title.moving(moving) : calm;
  const title = silent > 0 ? texts.title.silent(silent) : now;
  const [a, b, c] = [moving, stopped, silent].map((number) => format.number(number));
  return (
    <PageHead
      title={fleet.vehicles.length === 0 ? texts.title.none : title}
      about={`${name} · ${texts.about(a ?? "", b ?? "", c ?? "")}`}
    >
      {children}
    </PageHead>
  );
}

function FleetChoice({ chosen }: { chosen: string }) {
  const texts = useTexts(fleetTexts);
  const { kitchens } = useKitchenSnapshots();
  const [, navigate] = useLocation();
  return (
    <KitchenChoice
      kitchens={kitchens}
      chosenId={chosen === allKitchens ? null : chosen}
      all={texts.allKitchens}
      onChoose={(sppgId) => {
        const search = new URLSearchParams({ kitchen: sppgId ?? allKitchens });
        navigate(`${pagePaths.fleet}?${search}`);
      }}
    />
  );
}
