import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { openJournalFollower } from "../../broker/journal/follower.ts";
import { createDecoder } from "../../ingest/decode/decoder.ts";
import { createDirectory, type LoadedDirectory } from "../../ingest/decode/directory-cache.ts";
import { isRetryable } from "../../ingest/worker/retry.ts";
import { ModelDisk } from "../broker/journal/model-disk.ts";
import { ModelChannels } from "./channels.ts";
import { SimulatedDevice } from "./device.ts";
import { sites } from "./sites.ts";
import { Life, type Parts } from "./life.ts";
import { Oracle } from "./oracle.ts";
import { SimulatedRecords } from "./records.ts";
import { Scheduler } from "./scheduler.ts";
import { ModelStore } from "./store.ts";
import { Weather } from "./weather.ts";

/** Received time when a world begins. */
const startMs = 1_795_300_000_000;

/** Puts a broken part in the place of an honest one, to see that it is found out. */
export type Plant = (world: World, parts: Parts) => Parts;

/** Everything that a seed decides: what outlives a process, and the process that runs now. */
export class World {
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly disk = new ModelDisk();
  readonly store: ModelStore;
  readonly channels: ModelChannels;
  readonly records: SimulatedRecords;
  readonly directory: LoadedDirectory;
  readonly oracle: Oracle;
  readonly devices: readonly SimulatedDevice[];
  readonly settings: ReturnType<typeof drawSettings>;
  readonly clock = {
    wallMs: () => this.trueTimeMs() + this.#wallOffMs,
    monotonicMs: () => this.scheduler.nowMs,
  };
  life: Life | null = null;
  readonly counts = { kills: 0, powerCuts: 0, stops: 0, failedStarts: 0, clockSteps: 0, acts: 0 };
  readonly #plant: Plant;
  #wallOffMs = 0;

  static async make(seed: number, options: WorldOptions): Promise<World> {
    const scheduler = new Scheduler(seed);
    scheduler.onTrace = options.onTrace ?? null;
    const weather = new Weather(scheduler);
    const nowMs = (): number => startMs + Math.floor(scheduler.nowMs);
    const records = await SimulatedRecords.open(scheduler, weather, nowMs);
    const directory = createDirectory(records.direct.registry);
    await directory.load();
    return new World({ scheduler, weather, records, directory }, options);
  }

  private constructor(
    made: Pick<World, "scheduler" | "weather" | "records" | "directory">,
    options: WorldOptions,
  ) {
    const { scheduler, weather, records, directory } = made;
    this.scheduler = scheduler;
    this.weather = weather;
    this.records = records;
    this.directory = directory;
    this.#plant = options.plant ?? ((_world, parts) => parts);
    this.settings = drawSettings(weather);
    this.store = new ModelStore(scheduler, weather);
    this.channels = new ModelChannels(scheduler, weather);
    const { store, disk } = this;
    const decoder = createDecoder({ directory });
    this.oracle = new Oracle({ decoder, store, records, disk: () => disk.look() });
    this.channels.onFirst = (id) => this.oracle.told(id);
    const run = (): void => this.crash("after a fault");
    weather.onFault = () => {
      scheduler.after(weather.random() * 300, { label: "crash", run, owner: null });
    };
    disk.turn = ({ name }) => scheduler.delay(weather.latencyMs(true), `disk ${name}`, null);
    disk.fault = (call) => weather.diskFault(call);
    this.devices = sites
      .filter(({ gatewayId }) => gatewayId === null)
      .map((site) => new SimulatedDevice(this, site));
  }

  trueTimeMs(): number {
    return startMs + this.scheduler.nowMs;
  }

  stepClock(byMs: number): void {
    this.counts.clockSteps += 1;
    this.#wallOffMs += byMs;
    this.scheduler.note(`clock ${byMs}`);
  }

  boot(): void {
    const life = new Life(this);
    this.life = life;
    this.scheduler.note("boot");
    const disk = this.disk.attach();
    const store = this.store.attach(life.worker);
    const honest = { disk, store, openJournal: openFileJournal, openFollower: openJournalFollower };
    life.start(this.#plant(this, honest)).then(
      () => {
        for (const device of this.devices) device.connectSoon();
        return null;
      },
      (error: unknown) => this.#notStarted(life, error),
    );
  }

  /** The process, or the whole machine, goes from one moment to the next. */
  crash(reason: string): void {
    if (this.life === null) return;
    const isPowerCut = this.weather.random() < 0.5;
    if (isPowerCut) this.counts.powerCuts += 1;
    else this.counts.kills += 1;
    this.scheduler.note(`${isPowerCut ? "power cut" : "kill"} ${reason}`);
    this.#end(isPowerCut);
  }

  /** As a supervisor asks for it; a crash may come before it is done. */
  stop(): void {
    const { life } = this;
    if (life === null || !life.isServing) return;
    this.counts.stops += 1;
    this.scheduler.note("stop");
    life.stop().then(
      () => {
        if (this.life === life) this.#end(false);
        return null;
      },
      (error: unknown) => this.fatal(life, error),
    );
  }

  /** A process that ends by itself has found what must not be. */
  fatal(life: Life, error: unknown): void {
    if (!life.owner.isAlive) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.oracle.broken("no process gives up", text);
    if (this.life === life) this.#end(false);
  }

  #notStarted(life: Life, error: unknown): void {
    if (!life.owner.isAlive) return;
    if (!isRetryable(error)) return this.fatal(life, error);
    this.counts.failedStarts += 1;
    this.scheduler.note("not started");
    this.#end(false);
  }

  #end(isPowerCut: boolean): void {
    this.life?.die();
    this.life = null;
    if (isPowerCut) {
      this.disk.cutPower(this.weather.random);
      this.store.cutPower();
    } else this.disk.kill();
    const pauseMs = 50 + this.weather.random() * 2_000;
    this.scheduler.after(pauseMs, { label: "supervisor", run: () => this.boot(), owner: null });
  }
}

export interface WorldOptions {
  plant?: Plant | undefined;
  onTrace?: ((line: string) => void) | undefined;
}

/** Tiny files and groups, so that every edge is met often. */
function drawSettings({ random }: Weather) {
  const pick = (...of: number[]): number => of[Math.floor(random() * of.length)] ?? 0;
  return {
    segmentBytesMax: pick(700, 1_500, 4_000),
    groupBytesMax: pick(1, 400, 2_000),
    tailBytesMax: 64 * 1024,
    journalBytesMax: pick(30_000, 8_000_000),
    reserveBytes: pick(0, 2_000),
    freeBytesMin: 0,
  };
}
