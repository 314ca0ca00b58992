import { expect, test } from "vitest";
import { Alarm } from "../../../../dashboard/web/alarm/alarm.ts";
import {
  type AlarmMemory,
  audibleSeverities,
  muteMs,
  type Note,
  type RingingAlert,
  silentMemory,
  soundPatterns,
} from "../../../../dashboard/web/alarm/sound-schedule.ts";
import { ringingOf } from "../../../../dashboard/web/alarm/ringing.ts";
import type { SpeakerState } from "../../../../dashboard/web/alarm/speaker-port.ts";
import { createAlert, createSnapshot } from "../snapshots.ts";

const critical: RingingAlert = { alertId: "c1", severity: "critical" };
const warning: RingingAlert = { alertId: "w1", severity: "warning" };
const startMs = 1_000_000;

/** A screen with a clock of its own: what it keeps over a reload is in `screen.memory`. */
function createScreen(memory: AlarmMemory = { ...silentMemory, isOn: true }) {
  const screen = { nowMs: startMs, memory, speaker: "ready" as SpeakerState };
  const heard: { atMs: number; notes: readonly Note[] }[] = [];
  const timers = new Set<{ atMs: number; callback: () => void }>();
  const open = (): Alarm =>
    new Alarm({
      nowMs: () => screen.nowMs,
      later(delayMs, callback) {
        const timer = { atMs: screen.nowMs + delayMs, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
      speaker: {
        state: () => screen.speaker,
        unlock: () => {
          screen.speaker = "ready";
          return Promise.resolve(screen.speaker);
        },
        play: (notes) => {
          if (screen.speaker === "ready") heard.push({ atMs: screen.nowMs - startMs, notes });
        },
      },
      memory: { read: () => screen.memory, write: (next) => void (screen.memory = next) },
    });
  const pass = (ms: number): void => {
    const endMs = screen.nowMs + ms;
    for (;;) {
      const due = [...timers].filter(({ atMs }) => atMs <= endMs);
      const next = due.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      timers.delete(next);
      screen.nowMs = Math.max(screen.nowMs, next.atMs);
      next.callback();
    }
    screen.nowMs = endMs;
  };
  const times = (): number[] => heard.map(({ atMs }) => atMs);
  /** A reload: the page goes with its timers, the memory stays. */
  const close = (): void => timers.clear();
  return { screen, open, pass, heard, times, close };
}

test("a critical alert is heard at once and every 10 seconds, until somebody acknowledges it", () => {
  const { open, pass, heard, times } = createScreen();
  const alarm = open();
  alarm.setRinging([critical]);
  pass(25_000);
  expect(times()).toEqual([0, 10_000, 20_000]);
  expect(heard[0]?.notes).toBe(soundPatterns.critical.notes);
  alarm.setRinging([]);
  pass(60_000);
  expect(times()).toHaveLength(3);
});

test("the worst is what is heard, and what is less does not ring after it", () => {
  const { open, pass, heard } = createScreen();
  const alarm = open();
  alarm.setRinging([warning, critical]);
  pass(59_000);
  expect(heard.every(({ notes }) => notes === soundPatterns.critical.notes)).toBe(true);
  alarm.setRinging([warning]);
  pass(60_000);
  expect(heard.at(-1)?.notes).toBe(soundPatterns.warning.notes);
});

test("a screen is silent until somebody turns its sound on, and answers with a test tone", async () => {
  const { open, pass, heard, times, screen } = createScreen(silentMemory);
  screen.speaker = "locked";
  const alarm = open();
  alarm.setRinging([warning]);
  pass(120_000);
  expect(times()).toEqual([]);
  await alarm.turnOn();
  expect(heard[0]?.notes).toBe(soundPatterns.warning.notes);
  expect(alarm.state).toMatchObject({ isOn: true, speaker: "ready", ringingCount: 1 });
  alarm.turnOff();
  const count = times().length;
  pass(120_000);
  expect(times()).toHaveLength(count);
});

test("a reload rings nothing again before its time, and keeps the mute", () => {
  const { open, pass, times, close } = createScreen();
  open().setRinging([critical]);
  pass(2_000);
  close();
  const reloaded = open();
  reloaded.setRinging([critical]);
  pass(7_000);
  expect(times()).toEqual([0]);
  pass(1_000);
  expect(times()).toEqual([0, 10_000]);
  reloaded.mute();
  close();
  const again = open();
  again.setRinging([critical]);
  expect(again.state.mutedUntilMs).toBe(startMs + 10_000 + muteMs);
  pass(muteMs - 1);
  expect(times()).toHaveLength(2);
  pass(1);
  expect(times()).toHaveLength(3);
});

test("a mute is for what rang when somebody pressed it: a new alert is heard", () => {
  const { open, pass, times } = createScreen();
  const alarm = open();
  alarm.setRinging([critical]);
  pass(1_000);
  alarm.mute();
  alarm.setRinging([critical, { alertId: "c2", severity: "critical" }]);
  pass(500);
  expect(times()).toEqual([0, 1_000]);
});

test("a second tab of the screen does not ring what the first has rung", () => {
  const { open, pass, times } = createScreen();
  open().setRinging([critical]);
  open().setRinging([critical]);
  pass(10_000);
  expect(times()).toEqual([0, 10_000]);
});

test("what the browser does not let sound is shown as locked, and rings with the next press", async () => {
  const { open, pass, times, screen } = createScreen();
  screen.speaker = "locked";
  const alarm = open();
  alarm.setRinging([critical]);
  pass(30_000);
  expect(times()).toEqual([]);
  expect(alarm.state.speaker).toBe("locked");
  await alarm.wake();
  pass(0);
  expect(times()).toEqual([30_000]);
});

test("a clock that is set back keeps no alarm quiet", () => {
  const { open, pass, times, screen } = createScreen();
  const alarm = open();
  alarm.setRinging([critical]);
  pass(0);
  alarm.mute();
  screen.nowMs -= 3_600_000;
  alarm.refresh();
  expect(alarm.state.mutedUntilMs).toBeNull();
  pass(0);
  expect(times()).toEqual([0, -3_600_000]);
});

test("only what is so now and waits for an answer rings, by its severity", () => {
  const place = { timeZone: "Asia/Jakarta", devices: createSnapshot("a").devices } as const;
  const ring = (parts: Parameters<typeof createAlert>[0]) =>
    ringingOf([{ alert: createAlert(parts), place }]);
  expect(ring({})).toEqual([{ alertId: "alert-1", severity: "critical" }]);
  expect(ring({ response: "acknowledged" })).toEqual([]);
  expect(ring({ condition: "cleared" })).toEqual([]);
  expect(ring({ severity: "info" })).toEqual([]);
  const silence = { severity: "warning", limit: null, value: null, worstValue: null } as const;
  expect(ring(silence)).toEqual([{ alertId: "alert-1", severity: "silent" }]);
});

test("each severity has a pattern of its own, of tones that small loudspeakers carry", () => {
  const texts = audibleSeverities.map((name) => JSON.stringify(soundPatterns[name].notes));
  expect(new Set(texts).size).toBe(audibleSeverities.length);
  for (const name of audibleSeverities) {
    const { notes, repeatMs } = soundPatterns[name];
    for (const { atMs, lengthMs, frequencyHz } of notes) {
      expect(frequencyHz).toBeGreaterThanOrEqual(500);
      expect(frequencyHz).toBeLessThanOrEqual(1_000);
      expect(atMs + lengthMs).toBeLessThan(repeatMs);
    }
  }
});
