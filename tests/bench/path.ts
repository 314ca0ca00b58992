import { benchCatchUp, type CatchUpPlan, type CatchUpResult } from "./path-catch-up.ts";
import { benchChart, type ChartPlan, type ChartResult } from "./path-chart.ts";
import { benchKitchens, type KitchensPlan, type KitchensResult } from "./path-kitchens.ts";
import { benchRate, type RatePlan, type RateResult } from "./path-rate.ts";
import { benchStored, storedNames, type StoredPlan, type StoredResults } from "./path-stored.ts";
import type { ServerName } from "./servers.ts";

export interface PathPlan {
  stored: StoredPlan;
  rate: RatePlan;
  kitchens: KitchensPlan;
  chart: ChartPlan;
  catchUp: CatchUpPlan;
}

export const pathPlans = {
  full: {
    stored: { rounds: 3, warmUpMs: 2_000, sendMs: 6_000 },
    rate: { rounds: 3, warmUpMs: 4_000, ms: 10_000 },
    kitchens: {
      rounds: 2,
      between: [100],
      kitchensMax: 30_000,
      warmUpMs: 3_000,
      sendMs: 6_000,
      backlogEntries: 1_000_000,
    },
    chart: { days: 30, queries: 20 },
    catchUp: { entries: 10_000_000, msMax: 25_000 },
  },
  quick: {
    stored: { rounds: 1, warmUpMs: 1_000, sendMs: 2_000 },
    rate: { rounds: 1, warmUpMs: 2_000, ms: 4_000 },
    kitchens: {
      rounds: 1,
      between: [],
      kitchensMax: 1_000,
      warmUpMs: 1_000,
      sendMs: 2_000,
      backlogEntries: 100_000,
    },
    chart: { days: 3, queries: 20 },
    catchUp: { entries: 500_000, msMax: 10_000 },
  },
} as const satisfies Record<string, PathPlan>;

/** The sections of the part `path`; one that could not be measured is absent and says why. */
export interface PathReport {
  stored?: StoredResults;
  rate?: RateResult;
  kitchens?: KitchensResult;
  chart?: ChartResult;
  catchUp?: CatchUpResult;
  notMeasured: string[];
}

export const pathSections = ["stored", "rate", "kitchens", "chart", "catchUp"] as const;
export type PathSection = (typeof pathSections)[number];

export interface PathOptions {
  plan: PathPlan;
  servers: readonly ServerName[];
  sections: readonly PathSection[];
  progress: (text: string) => void;
}

/** From the device to the store, the page and the alert. */
export async function benchPath(options: PathOptions): Promise<PathReport> {
  const { plan, servers, progress } = options;
  const report: PathReport = { notMeasured: [] };
  const isWanted = (section: PathSection): boolean =>
    options.sections.includes(section) && (section === "stored" || servers.includes("nadi"));
  const measure = async (section: PathSection, work: () => Promise<PathReport[typeof section]>) => {
    if (!isWanted(section)) return;
    try {
      Object.assign(report, { [section]: await work() });
    } catch (error) {
      // One section that fails must not cost what the others have measured.
      report.notMeasured.push(`${section}: ${String((error as Error).stack)}`);
    }
  };
  const names = storedNames.filter((name) =>
    servers.includes(name === "mosquittoDefaults" ? "mosquitto" : name),
  );
  await measure("stored", () => benchStored({ plan: plan.stored, names, progress }));
  await measure("rate", () => benchRate({ plan: plan.rate, progress }));
  await measure("kitchens", () => benchKitchens({ plan: plan.kitchens, progress }));
  await measure("chart", () => benchChart(plan.chart, progress));
  await measure("catchUp", () => benchCatchUp(plan.catchUp, progress));
  return report;
}
