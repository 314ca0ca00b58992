import { readChoice, writeChoice } from "../design/stored-choice.ts";
import { browserPage } from "../realtime/browser-page.ts";
import { Alarm } from "./alarm.ts";
import { type AlarmMemory, alarmMemorySchema, silentMemory } from "./sound-schedule.ts";
import { createSpeaker } from "./speaker.ts";

const storageKey = "nadi.alarm";
/** Where storage is forbidden, what was chosen lasts for the visit. */
let visitMemory: AlarmMemory = silentMemory;

function readMemory(): AlarmMemory {
  const text = readChoice(storageKey);
  if (text === null) return visitMemory;
  try {
    return alarmMemorySchema.parse(JSON.parse(text));
  } catch {
    // Of another version of the page, or of nobody: as if nothing had been chosen.
    return visitMemory;
  }
}

function writeMemory(memory: AlarmMemory): void {
  visitMemory = memory;
  writeChoice(storageKey, JSON.stringify(memory));
}

/** The one alarm of this page. */
export const pageAlarm: Alarm = new Alarm({
  nowMs: () => browserPage.nowMs(),
  later: (delayMs, callback) => browserPage.later(delayMs, callback),
  speaker: createSpeaker(() => pageAlarm.refresh()),
  memory: { read: readMemory, write: writeMemory },
});

/** Follows the other tabs, and the first press that lets the browser sound. @returns stops it. */
export function followAlarm(): () => void {
  const onStorage = ({ key }: StorageEvent): void => {
    if (key === storageKey) pageAlarm.refresh();
  };
  const onPress = (): void => {
    if (pageAlarm.state.isOn && pageAlarm.state.speaker === "locked") void pageAlarm.wake();
  };
  window.addEventListener("storage", onStorage);
  window.addEventListener("pointerdown", onPress);
  window.addEventListener("keydown", onPress);
  return () => {
    window.removeEventListener("storage", onStorage);
    window.removeEventListener("pointerdown", onPress);
    window.removeEventListener("keydown", onPress);
  };
}
