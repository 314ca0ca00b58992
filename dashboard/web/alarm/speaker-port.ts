import type { Note } from "./sound-schedule.ts";

/** `locked`: the browser waits for somebody to press something first. `none`: it has no sound. */
export type SpeakerState = "ready" | "locked" | "none";

export interface Speaker {
  state(): SpeakerState;
  /** Only within a press; resolves when it is known whether it helped. */
  unlock(): Promise<SpeakerState>;
  play(notes: readonly Note[]): void;
}
