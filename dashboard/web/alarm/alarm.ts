import { Listeners } from "../realtime/listeners.ts";
import {
  afterRing,
  type AlarmMemory,
  isMuted,
  mute,
  nextRing,
  type RingingAlert,
  soundPatterns,
} from "./sound-schedule.ts";
import type { Speaker, SpeakerState } from "./speaker-port.ts";

export interface AlarmOptions {
  nowMs: () => number;
  later: (delayMs: number, callback: () => void) => () => void;
  speaker: Speaker;
  /** Shared by the tabs of a screen: what one has rung, another does not ring again. */
  memory: { read(): AlarmMemory; write(memory: AlarmMemory): void };
}

/** What the page shows of it. The same object until something has changed. */
export interface AlarmState {
  isOn: boolean;
  speaker: SpeakerState;
  /** How many alerts would be heard now. */
  ringingCount: number;
  /** `null`: nothing is muted. */
  mutedUntilMs: number | null;
}

/** The sound of a screen: rings for what nobody has acknowledged, until somebody has. */
export class Alarm {
  readonly #options: AlarmOptions;
  readonly onChange = new Listeners();
  #alerts: readonly RingingAlert[] = [];
  #state: AlarmState;
  #cancel: (() => void) | null = null;

  constructor(options: AlarmOptions) {
    this.#options = options;
    this.#state = this.#look();
  }

  get state(): AlarmState {
    return this.#state;
  }

  /** All that ring now; the others are forgotten. */
  setRinging(alerts: readonly RingingAlert[]): void {
    this.#alerts = alerts;
    this.#next();
  }

  /** Within a press. It answers with the sound of a warning, so that one knows it works. */
  async turnOn(): Promise<void> {
    const { memory, speaker } = this.#options;
    await speaker.unlock();
    memory.write({ ...memory.read(), isOn: true });
    this.test();
    this.#next();
  }

  /** Within any press, after a reload: what is on becomes heard again, without a test tone. */
  async wake(): Promise<void> {
    await this.#options.speaker.unlock();
    this.#next();
  }

  turnOff(): void {
    const { memory } = this.#options;
    memory.write({ ...memory.read(), isOn: false, muted: null });
    this.#next();
  }

  test(): void {
    this.#options.speaker.play(soundPatterns.warning.notes);
  }

  /** What rings now is quiet for a while; what comes new is heard. */
  mute(): void {
    const { memory, nowMs } = this.#options;
    memory.write(mute(this.#alerts, memory.read(), nowMs()));
    this.#next();
  }

  unmute(): void {
    const { memory } = this.#options;
    memory.write({ ...memory.read(), muted: null });
    this.#next();
  }

  /** Another tab has changed what both know, or the browser lets us be heard, or no longer. */
  refresh(): void {
    this.#next();
  }

  #next(): void {
    this.#cancel?.();
    this.#cancel = null;
    const { memory, nowMs, later, speaker } = this.#options;
    const ring = nextRing(this.#alerts, memory.read(), nowMs());
    // What nobody can hear has not been rung: it waits for the press that unlocks the sound.
    if (ring !== null && speaker.state() === "ready") {
      this.#cancel = later(Math.max(0, ring.atMs - nowMs()), () => this.#ring());
    }
    this.#show();
  }

  #ring(): void {
    const { memory, nowMs, speaker } = this.#options;
    // Another tab may have rung meanwhile, and then it is not due any more.
    const due = nextRing(this.#alerts, memory.read(), nowMs());
    if (due !== null && due.atMs <= nowMs() && speaker.state() === "ready") {
      speaker.play(soundPatterns[due.severity].notes);
      memory.write(afterRing(this.#alerts, memory.read(), nowMs()));
    }
    this.#next();
  }

  #look(): AlarmState {
    const { memory, nowMs, speaker } = this.#options;
    const known = memory.read();
    return {
      isOn: known.isOn,
      // Not asked before somebody wishes for sound: browsers complain about it.
      speaker: known.isOn ? speaker.state() : "ready",
      ringingCount: this.#alerts.length,
      mutedUntilMs: isMuted(known, nowMs()) ? (known.muted?.untilMs ?? null) : null,
    };
  }

  #show(): void {
    const next = this.#look();
    const before = this.#state;
    const isSame = (["isOn", "speaker", "ringingCount", "mutedUntilMs"] as const).every(
      (key) => before[key] === next[key],
    );
    if (isSame) return;
    this.#state = next;
    this.onChange.tell();
  }
}
