import { type Records, tablesOf } from "../../devices/index.ts";
import { recordsError } from "../../devices/records/errors.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import type { Registry } from "../../devices/registry/registry.ts";
import type { Desk, IngestRecords } from "../../ingest/desk/desk.ts";
import { createDesk } from "../../ingest/desk/desk-service.ts";
import { createService } from "../../ingest/desk/ingest-service.ts";
import type { IngestTables } from "../../ingest/desk/tables.ts";
import { fromPort, toPort } from "../../ingest/worker/protocol.ts";
import { openFurnished } from "./furnished.ts";
import type { Lane, Owner, Scheduler } from "./scheduler.ts";
import type { Weather } from "./weather.ts";

export type RegistryPart = Pick<
  Registry,
  | "listKitchens"
  | "findKitchen"
  | "listDevices"
  | "listAllDevices"
  | "lastChangeSeq"
  | "readChanges"
  | "findDeviceLogin"
>;

export interface RecordsPorts {
  ingest: IngestRecords;
  desk: Pick<Desk, "putRule" | "listRules" | "listAlerts" | "acknowledgeAlert" | "resolveAlert">;
  registry: RegistryPart;
}

/** How long after its process has died a call that was under way may still be done. */
const orphanMsMax = 20;

/**
 * The real records with their real SQL, in memory: they outlive processes, and a call is done in
 * full or not at all. On the way to and from them calls take time, fail, or are done and their
 * answer is lost.
 */
export class SimulatedRecords {
  readonly records: Records;
  /** Without any fault: for who looks on from outside. */
  readonly direct: RecordsPorts & { registry: Registry };
  readonly #scheduler: Scheduler;
  readonly #weather: Weather;
  /** As on PostgreSQL: calls of several connections overtake each other. */
  readonly #isConcurrent: boolean;
  #changes: { key: string; answer: unknown } | null = null;

  static async open(
    scheduler: Scheduler,
    weather: Weather,
    nowMs: () => number,
  ): Promise<SimulatedRecords> {
    return new SimulatedRecords(await openFurnished(), { scheduler, weather, nowMs });
  }

  private constructor(
    records: Records,
    world: { scheduler: Scheduler; weather: Weather; nowMs: () => number },
  ) {
    const clock = { nowMs: world.nowMs };
    this.records = records;
    this.#scheduler = world.scheduler;
    this.#weather = world.weather;
    this.#isConcurrent = world.weather.random() < 0.5;
    this.direct = {
      ingest: createService(records),
      desk: createDesk({ records, clock, defaultRules: [] }),
      registry: createRegistry(records, clock),
    };
  }

  get tables() {
    return tablesOf<IngestTables>(this.records);
  }

  /** The services as one process calls them. */
  attach(owner: Owner & { diedAtMs: number }): RecordsPorts {
    const lane = this.#scheduler.lane(owner);
    const link = { owner, lane };
    return {
      ingest: this.#remote(this.direct.ingest, { name: "ingest", ...link }),
      desk: this.#remote(this.direct.desk, { name: "desk", ...link }),
      registry: this.#remote<RegistryPart>(this.direct.registry, { name: "registry", ...link }),
    };
  }

  #remote<Service extends object>(service: Service, link: Link): Service {
    return new Proxy(service, {
      get: (target, method) => {
        const work: unknown = Reflect.get(target, method);
        if (typeof work !== "function") return work;
        return (...args: unknown[]) =>
          this.#call(link, { method: String(method), args, work: () => work.apply(target, args) });
      },
    });
  }

  async #call(link: Link, call: Call): Promise<unknown> {
    const label = `records ${call.method}`;
    const { owner } = link;
    const isOrphan = this.#isConcurrent && this.#weather.random() < 0.3;
    await this.#travel(isOrphan ? null : link, label, owner);
    const isInTime = owner.isAlive || this.#scheduler.nowMs <= owner.diedAtMs + orphanMsMax;
    if (!isInTime) return new Promise(() => undefined);
    const isRefused = this.#weather.isAway("records") || this.#weather.hits("recordsFail");
    const outcome = isRefused ? away() : await this.#do(link.name, call);
    const isLost = this.#weather.hits("recordsDoubt");
    await this.#travel(link, `${label} answers`, owner);
    if (isLost) throw away().error;
    if ("error" in outcome) throw outcome.error;
    return outcome.answer;
  }

  /** In one step of the simulation: nothing here waits for time. */
  async #do(service: string, { method, args, work }: Call): Promise<Outcome> {
    const key = `${service}.${method} ${JSON.stringify(args)}`;
    // Asked four times a second, and rarely anything new.
    const isFeed = method === "readChanges";
    if (isFeed && this.#changes?.key === key) return { answer: this.#changes.answer };
    if (service === "desk") this.#changes = null;
    try {
      const answer = structuredClone(await work());
      if (isFeed) this.#changes = { key, answer };
      return { answer };
    } catch (error) {
      return { error: fromPort(toPort(error)) };
    }
  }

  #travel(link: Link | null, label: string, owner: Owner): Promise<void> {
    const ms = this.#weather.latencyMs();
    if (link === null) return this.#scheduler.delay(ms, label, null);
    if (this.#isConcurrent) return this.#scheduler.delay(ms, label, owner);
    return new Promise((resolve) => link.lane.send(ms, label, resolve));
  }
}

interface Link {
  name: string;
  owner: Owner & { diedAtMs: number };
  lane: Lane;
}

interface Call {
  method: string;
  args: unknown[];
  work: () => unknown;
}

type Outcome = { answer: unknown } | { error: Error };

function away(): { error: Error } {
  const message = "The simulated records are away.";
  return { error: recordsError("RECORDS_UNAVAILABLE", { message }) };
}
