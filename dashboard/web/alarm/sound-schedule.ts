import * as z from "zod/mini";

/** What can be heard; info never is. */
export const audibleSeverities = ["critical", "silent", "warning"] as const;
export type AudibleSeverity = (typeof audibleSeverities)[number];

/** An alert that is so now and that nobody has acknowledged. */
export interface RingingAlert {
  alertId: string;
  severity: AudibleSeverity;
}

export interface Note {
  /** From the beginning of the pattern. */
  atMs: number;
  lengthMs: number;
  frequencyHz: number;
}

/**
 * Told apart with closed eyes: three high pairs, one falling pair, one low pair. 500 to 1,000 Hz
 * carries over an extractor hood and is heard by ears of every age.
 */
export const soundPatterns: Readonly<
  Record<AudibleSeverity, { notes: readonly Note[]; repeatMs: number }>
> = {
  critical: { notes: [0, 1, 2].flatMap((pair) => pairAt(pair * 500, 988, 784)), repeatMs: 10_000 },
  silent: { notes: pairAt(0, 784, 523), repeatMs: 60_000 },
  warning: { notes: pairAt(0, 587, 587), repeatMs: 60_000 },
};

function pairAt(atMs: number, firstHz: number, secondHz: number): Note[] {
  return [
    { atMs, lengthMs: 180, frequencyHz: firstHz },
    { atMs: atMs + 200, lengthMs: 220, frequencyHz: secondHz },
  ];
}

/** What a screen keeps over a reload, and what its other tabs know. */
export const alarmMemorySchema = z.object({
  isOn: z.boolean(),
  /** Until then these alerts are not heard; a new one is. */
  muted: z.nullable(z.object({ untilMs: z.number(), alertIds: z.array(z.string()) })),
  /** When each was heard last. Pairs, because ids come from elsewhere. */
  rung: z.array(z.tuple([z.string(), z.number()])),
});
export type AlarmMemory = z.infer<typeof alarmMemorySchema>;

export const silentMemory: AlarmMemory = { isOn: false, muted: null, rung: [] };

/** Long enough to walk to the cold store and to look. */
export const muteMs = 5 * 60_000;

/**
 * When which pattern is heard next; `null`: none. One that was heard before waits for its repeat,
 * also over a reload; a new one is heard at once, also while others are muted.
 */
export function nextRing(
  alerts: readonly RingingAlert[],
  memory: AlarmMemory,
  nowMs: number,
): { severity: AudibleSeverity; atMs: number } | null {
  if (!memory.isOn) return null;
  const rungAtMs = new Map(memory.rung);
  const mutedIds = new Set(isMuted(memory, nowMs) ? memory.muted?.alertIds : []);
  const dues = alerts.map(({ alertId, severity }) => {
    const rungMs = rungAtMs.get(alertId);
    // One that was rung in the future: a clock that was set back must keep no alarm quiet.
    const isNew = rungMs === undefined || rungMs > nowMs;
    const soonestMs = isNew ? nowMs : rungMs + soundPatterns[severity].repeatMs;
    const unmutedMs = mutedIds.has(alertId) ? (memory.muted?.untilMs ?? nowMs) : nowMs;
    return { severity, atMs: Math.max(soonestMs, unmutedMs) };
  });
  const firstMs = Math.min(...dues.map(({ atMs }) => atMs));
  const due = dues.filter(({ atMs }) => atMs === firstMs);
  const severity = audibleSeverities.find((name) => due.some((one) => one.severity === name));
  return severity === undefined ? null : { severity, atMs: firstMs };
}

/** After a pattern was heard: it stands for all that can be heard, so that none rings after it. */
export function afterRing(
  alerts: readonly RingingAlert[],
  memory: AlarmMemory,
  nowMs: number,
): AlarmMemory {
  return { ...memory, rung: alerts.map(({ alertId }) => [alertId, nowMs]) };
}

export function isMuted({ muted }: AlarmMemory, nowMs: number): boolean {
  // Not longer than a mute may be: a clock that was set back would make it hours.
  return muted !== null && muted.untilMs > nowMs && muted.untilMs - nowMs <= muteMs;
}

export function mute(
  alerts: readonly RingingAlert[],
  memory: AlarmMemory,
  nowMs: number,
): AlarmMemory {
  const alertIds = alerts.map(({ alertId }) => alertId);
  return { ...memory, muted: { untilMs: nowMs + muteMs, alertIds } };
}
