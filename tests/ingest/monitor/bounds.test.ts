import { expect, test } from "vitest";
import { createMonitor } from "../../../ingest/monitor/create-monitor.ts";
import { createSketchDirectory } from "./support/directory.ts";
import { createScene, sppgId } from "./support/scene.ts";

const probe = { deviceId: "probe", place: "coldStore" } as const;
const letters = (scene: ReturnType<typeof createScene>) =>
  scene.effects.flatMap((effect) => (effect.kind === "deadLetter" ? [effect] : []));

test("dead letters of a device take 200 places in turn, and count on", () => {
  const scene = createScene({ devices: [probe] });
  for (let second = 0; second < 41; second += 1) {
    scene.goTo(second);
    scene.letters("probe", 5);
  }
  expect(letters(scene).map(({ total }) => total)).toEqual(
    Array.from({ length: 205 }, (_, at) => at + 1),
  );
  expect(letters(scene).map(({ slot }) => slot)).toEqual(
    Array.from({ length: 205 }, (_, at) => at % 200),
  );
});

test("in a flood twenty a second are kept and then each hundredth; all are counted", () => {
  const scene = createScene({ devices: [probe, { deviceId: "other" }] });
  scene.letters("probe", 1000);
  scene.letters("other", 1);
  expect(letters(scene).map(({ total }) => total)).toEqual([
    ...Array.from({ length: 20 }, (_, at) => at + 1),
    ...Array.from({ length: 10 }, (_, at) => (at + 1) * 100),
    1,
  ]);
  scene.goTo(1);
  scene.letters("probe", 1);
  expect(letters(scene).at(-1)).toMatchObject({ total: 1001, slot: 0 });
});

test("a device that makes up channels has 64 series; the rest is counted", () => {
  const scene = createScene({ devices: [probe] });
  for (let channel = 0; channel < 70; channel += 1) {
    scene.read("probe", 3, { channel: `c${channel}` });
  }
  expect(scene.monitor.stats()).toMatchObject({ series: 64, overflow: 6 });
  scene.read("probe", 4, { channel: "c0" });
  expect(scene.monitor.snapshot(sppgId).latest).toHaveLength(64);
});

test("live values are the newest of each series, oldest first, and none of a replay", () => {
  const scene = createScene({ devices: [probe, { deviceId: "other" }] });
  scene.read("probe", 3);
  scene.read("other", 4);
  scene.goTo(10);
  scene.read("probe", 5);
  expect(scene.monitor.takeLive()).toMatchObject([
    { offset: 2, live: { deviceId: "other", place: "coldStore", fields: { celsius: 4 } } },
    { offset: 3, live: { deviceId: "probe", fields: { celsius: 5 }, flags: [] } },
  ]);
  expect(scene.monitor.takeLive()).toEqual([]);
  scene.restart();
  expect(scene.monitor.takeLive()).toEqual([]);
  expect(scene.monitor.snapshot(sppgId)).toMatchObject({ offset: 3, latest: [{}, {}] });
});

test("live values of a kitchen that nobody watches are not given out", () => {
  const directory = createSketchDirectory([probe]);
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 3);
  const monitor = createMonitor({
    directory,
    rules: [],
    meta: null,
    rows: [],
    replayUpTo: 0,
    isWatched: () => false,
  });
  for (const { entry, facts } of scene.steps) monitor.apply(entry, facts);
  expect(monitor.takeLive()).toEqual([]);
});

test("the latest values survive a restart, with the time they were received", () => {
  const scene = createScene({ devices: [probe] });
  scene.goTo(10);
  scene.read("probe", 3, { at: 7 });
  const before = scene.monitor.snapshot(sppgId);
  expect(before.latest).toEqual([
    {
      kind: "reading",
      deviceId: "probe",
      place: "coldStore",
      channel: "0",
      reading: "temperature",
      fields: { celsius: 3 },
      eventTimeMs: scene.timeOf(7),
      receivedTimeMs: scene.timeOf(10),
      flags: [],
    },
  ]);
  scene.save();
  scene.restart();
  expect(scene.monitor.snapshot(sppgId)).toEqual(before);
});

test("a checkpoint comes in slices, writes only what changed, and then nothing", () => {
  const devices = Array.from({ length: 10 }, (_, at) => ({ deviceId: `probe-${at}` }));
  const scene = createScene({ devices });
  for (const { deviceId } of devices) scene.read(deviceId, 3);
  const { monitor } = scene;
  expect(monitor.beginCheckpoint().offset).toBe(10);
  const first = monitor.takeRows(1);
  expect(first).toHaveLength(1);
  expect(monitor.takeRows(1_000_000)).toHaveLength(9);
  expect(monitor.takeRows(1_000_000)).toEqual([]);
  scene.read("probe-3", 4);
  expect(monitor.beginCheckpoint().offset).toBe(11);
  expect(monitor.takeRows(1_000_000).map(({ key, offset }) => [key, offset])).toEqual([
    ["probe-3", 11],
  ]);
});

test("the rows of a kitchen come one after the other, whoever took turns, and each once", () => {
  const directory = createSketchDirectory([]);
  const monitor = createMonitor({ directory, rules: [], meta: null, rows: [], replayUpTo: 0 });
  const devices = ["c", "a", "b"];
  let offset = 0;
  const hear = (kitchen: string, deviceId: string): void => {
    offset += 1;
    const entry = {
      kind: "publish",
      sppgId: kitchen,
      deviceId,
      readings: [],
      failures: [],
    } as const;
    monitor.apply({ ...entry, offset, receivedTimeMs: offset }, null);
  };
  for (const deviceId of devices) for (const kitchen of ["k-2", "k-1"]) hear(kitchen, deviceId);
  monitor.beginCheckpoint();
  const taken = monitor.takeRows(1);
  // Of a kitchen under way, one that waits, and one that has been taken already.
  for (const kitchen of ["k-2", "k-1"]) hear(kitchen, "a");
  hear("k-2", "c");
  for (;;) {
    const rows = monitor.takeRows(1);
    if (rows.length === 0) break;
    taken.push(...rows);
  }
  expect(taken.map(({ sppgId: kitchen, key, offset: asOf }) => [kitchen, key, asOf])).toEqual([
    ["k-2", "c", 6],
    ["k-2", "a", 9],
    ["k-2", "b", 9],
    ["k-1", "c", 9],
    ["k-1", "a", 9],
    ["k-1", "b", 9],
  ]);
  monitor.beginCheckpoint();
  expect(monitor.takeRows(1_000_000).map(({ key, offset: asOf }) => [key, asOf])).toEqual([
    ["c", 9],
  ]);
});

test("a row that changes while the checkpoint is written is as of its slice", () => {
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 3);
  const meta = scene.monitor.beginCheckpoint();
  scene.goTo(10);
  scene.read("probe", 4);
  const [row] = scene.monitor.takeRows(1);
  expect([meta.offset, row?.offset]).toEqual([1, 2]);
});

test("state that another version has written is refused, and says so", () => {
  const start = (body: string) =>
    createMonitor({
      directory: createSketchDirectory([]),
      rules: [],
      meta: null,
      rows: [{ sppgId, key: "probe", offset: 1, body }],
      replayUpTo: 0,
    });
  for (const body of ['{"format":0}', "[]", "no json"]) {
    expect(() => start(body)).toThrow(expect.objectContaining({ code: "INGEST_STATE_UNREADABLE" }));
  }
});

test("an entry that is not newer than the last one stops the fold", () => {
  const scene = createScene({ devices: [probe] });
  scene.read("probe", 3);
  const [step] = scene.steps;
  expect(() => step !== undefined && scene.monitor.apply(step.entry, null)).toThrow(
    "entry 1 comes after 1",
  );
});
