import type { Note } from "./sound-schedule.ts";
import type { Speaker, SpeakerState } from "./speaker-port.ts";

/** Loud enough across a kitchen, and below where a small loudspeaker breaks up. */
const gain = 0.4;
/** A tone that begins at once clicks. */
const edgeSeconds = 0.012;

/** Draws its tones itself: there is no file that could be missing. Opens at the first question. */
export function createSpeaker(onChange: () => void): Speaker {
  let context: AudioContext | null = null;
  const open = (): AudioContext | null => {
    if (context === null && "AudioContext" in window) {
      context = new AudioContext();
      context.addEventListener("statechange", onChange);
    }
    return context;
  };
  const state = (): SpeakerState => {
    const opened = open();
    if (opened === null) return "none";
    return opened.state === "running" ? "ready" : "locked";
  };
  return {
    state,
    async unlock() {
      // Where the browser still says no, it stays locked, and the page says so.
      await open()?.resume();
      return state();
    },
    play(notes) {
      const opened = open();
      if (opened === null || opened.state !== "running") return;
      for (const note of notes) playNote(opened, note);
    },
  };
}

function playNote(context: AudioContext, { atMs, lengthMs, frequencyHz }: Note): void {
  const from = context.currentTime + atMs / 1_000;
  const to = from + lengthMs / 1_000;
  const tone = new OscillatorNode(context, { type: "triangle", frequency: frequencyHz });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(gain, from + edgeSeconds);
  volume.gain.setValueAtTime(gain, to - edgeSeconds);
  volume.gain.linearRampToValueAtTime(0, to);
  tone.connect(volume).connect(context.destination);
  tone.start(from);
  tone.stop(to);
}
