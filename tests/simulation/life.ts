import type { FileJournal } from "../../broker/index.ts";
import type { openFileJournal } from "../../broker/journal/file-journal.ts";
import type { FileSystem } from "../../broker/journal/file-system.ts";
import type { openJournalFollower } from "../../broker/journal/follower.ts";
import { Timekeeper } from "../../broker/timekeeper.ts";
import { ChangeFeed } from "../../devices/index.ts";
import { commitForward, registerCursors } from "../../ingest/cursors.ts";
import { monitorFactory } from "../../ingest/worker/monitor-factory.ts";
import type { Pace } from "../../ingest/worker/pace.ts";
import { fromPort, toPort } from "../../ingest/worker/protocol.ts";
import {
  type IngestService,
  type ServicePorts,
  startService,
} from "../../ingest/worker/service.ts";
import type { RecordsPorts } from "./records.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { World } from "./world.ts";

export const journalFolder = "/data/journal";

/** What a plant may put in the place of an honest part. */
export interface Parts {
  disk: FileSystem;
  openJournal: typeof openFileJournal;
  /** What the worker reads by. */
  openFollower: typeof openJournalFollower;
  store: ServicePorts["store"];
}

/** One process, from its start to its end: journal, timekeeper, feed and the ingest service. */
export class Life {
  readonly owner: Owner & { diedAtMs: number } = { isAlive: true, diedAtMs: Infinity };
  /** The ingest worker's thread: at a stop it ends before the journal is closed. */
  readonly worker: Owner & { diedAtMs: number } = { isAlive: true, diedAtMs: Infinity };
  readonly records: RecordsPorts;
  journal: FileJournal | null = null;
  service: IngestService | null = null;
  feed: ChangeFeed | null = null;
  /** Devices are let in. */
  isServing = false;
  isStopping = false;
  readonly #world: World;
  #timekeeper: Timekeeper | null = null;

  constructor(world: World) {
    this.#world = world;
    this.records = world.records.attach(this.owner);
  }

  /** In the order of `nadi.ts`. Rejects as the process would end: with a message. */
  async start(parts: Parts): Promise<void> {
    const { records } = this;
    const { scheduler } = this.#world;
    const feed = new ChangeFeed({
      registry: records.registry,
      onUnreadable: () => undefined,
      onReadable: () => undefined,
      onListenerError: (error) => this.#world.fatal(this, error),
      timers: {
        setTimeout: (run, delayMs) =>
          scheduler.after(delayMs, { label: "feed", run, owner: this.owner }),
        // The handle that setTimeout above gave out, or null.
        clearTimeout: (timer) => (timer as (() => void) | null)?.(),
      },
    });
    await feed.start();
    this.feed = feed;
    const nextOffsetMin = ((await records.ingest.loadMonitorMeta())?.offset ?? 0) + 1;
    const journal = await this.#openJournal(parts, nextOffsetMin);
    await registerCursors(journal);
    this.service = await this.#startService(parts, journal);
    this.#timekeeper = new Timekeeper({
      journal,
      source: feed,
      log: { warn: () => undefined },
      repeat: (periodMs, callback) => this.#repeat(periodMs, callback),
    });
    this.#timekeeper.start();
    this.isServing = true;
    scheduler.note("serving");
  }

  /** As at SIGTERM: what stands last on the stack goes first. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.isServing = false;
    this.#timekeeper?.stop();
    await this.service?.stop();
    this.worker.isAlive = false;
    await this.journal?.close();
    this.feed?.stop();
    this.#world.scheduler.note("stopped");
  }

  /** The second that passes while nothing arrives stops, so that the journal comes to an end. */
  stopTicking(): void {
    this.#timekeeper?.stop();
  }

  die(): void {
    for (const owner of [this.owner, this.worker]) {
      owner.isAlive = false;
      owner.diedAtMs = this.#world.scheduler.nowMs;
    }
    this.isServing = false;
  }

  async #openJournal(parts: Parts, nextOffsetMin: number): Promise<FileJournal> {
    const { scheduler, settings, weather } = this.#world;
    const seed = (): number => Math.floor(weather.random() * 0x1_0000_0000);
    const journal = await parts.openJournal({
      ...settings,
      directory: journalFolder,
      nextOffsetMin,
      disk: parts.disk,
      clock: this.#world.clock,
      timers: {
        after: (delayMs, run) =>
          scheduler.after(delayMs, { label: "journal timer", run, owner: this.owner }),
        soon: (run) => void scheduler.after(0, { label: "journal soon", run, owner: this.owner }),
      },
      newSeeds: () => ({ header: seed(), body: seed() }),
      crashPoint: (name) => this.#crashPoint(name),
      onFatal: (error) => this.#world.fatal(this, error),
    });
    this.journal = journal;
    await this.#world.oracle.opened(journal);
    journal.onSynced(() => {
      if (this.owner.isAlive) void this.#world.oracle.synced(journal);
    });
    return journal;
  }

  async #startService(parts: Parts, journal: FileJournal): Promise<IngestService> {
    const { scheduler, weather, channels } = this.#world;
    const owner = this.worker;
    const toMain = scheduler.lane(owner);
    const toWorker = scheduler.lane(owner);
    const records = this.#world.records.attach(owner);
    let { announcement } = journal;
    const follower = parts.openFollower({ directory: journalFolder, disk: parts.disk });
    const place = {
      firstOffset: journal.firstOffset,
      recorderOffset: journal.cursor("recorder") ?? journal.firstOffset,
      replayUpTo: announcement.syncedOffset,
    };
    const ports: ServicePorts = {
      readJournal: (fromOffset, limits) => follower.read(fromOffset, announcement, limits),
      syncedOffset: () => announcement.syncedOffset,
      commitCursor: (name, nextOffset) =>
        new Promise((resolve, reject) => {
          toMain.send(weather.latencyMs(), `commit ${name} ${nextOffset}`, () => {
            commitForward(journal, { name, nextOffset }).then(
              () => {
                this.#world.oracle.committed(name, nextOffset);
                return toWorker.send(weather.latencyMs(), "committed", resolve);
              },
              (error: unknown) =>
                toWorker.send(weather.latencyMs(), "not committed", () =>
                  reject(fromPort(toPort(error))),
                ),
            );
          });
        }),
      records: records.ingest,
      registry: records.registry,
      store: parts.store,
      channels: channels.attach(owner),
      monitors: monitorFactory,
      pace: createPace(scheduler, owner),
      liveClock: {
        monotonicMs: () => scheduler.nowMs,
        later: (delayMs, run) => scheduler.after(delayMs, { label: "live", run, owner }),
      },
      crashPoint: (name) => this.#crashPoint(name),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      onFatal: (error) => this.#world.fatal(this, error),
    };
    let service: IngestService | null = null;
    this.#announce(journal, (announced) => {
      announcement = announced;
      service?.announced();
    });
    service = await startService(ports, place);
    return service;
  }

  /** As the main thread does: at most one announcement is under way. */
  #announce(journal: FileJournal, hear: (announcement: FileJournal["announcement"]) => void): void {
    const { scheduler, weather } = this.#world;
    let isUnderWay = false;
    let isDue = false;
    const announce = (): void => {
      isDue = isUnderWay;
      if (isUnderWay) return;
      isUnderWay = true;
      const { announcement } = journal;
      const run = (): void => {
        hear(announcement);
        isUnderWay = false;
        if (isDue) announce();
      };
      const label = `announce ${announcement.syncedOffset}`;
      scheduler.after(weather.latencyMs(), { label, run, owner: this.owner });
    };
    journal.onSynced(announce);
    announce();
  }

  #repeat(periodMs: number, callback: () => void): () => void {
    const { scheduler } = this.#world;
    let cancel: () => void;
    const next = (): void => {
      cancel = scheduler.after(periodMs, {
        label: "second",
        run: () => {
          next();
          callback();
        },
        owner: this.owner,
      });
    };
    next();
    return () => cancel();
  }

  #crashPoint(name: string): void {
    if (!this.owner.isAlive || !this.#world.weather.hits("crashPoint")) return;
    this.#world.crash(`at ${name}`);
  }
}

function createPace(scheduler: Scheduler, owner: Owner): Pace {
  return {
    monotonicMs: () => scheduler.nowMs,
    random: () => scheduler.random(),
    sleep(delayMs, signal) {
      if (signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = scheduler.after(delayMs, { label: "wake", run: () => done(), owner });
      const done = (): void => {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      return promise;
    },
    yieldTurn: () => scheduler.delay(0, "turn", owner),
  };
}
