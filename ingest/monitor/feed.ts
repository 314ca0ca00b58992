/** The way of one reading: its order within the series, its flags, and then the judges. */
import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import { judgeFault, judgeReading } from "./judges.ts";
import { judgeLate } from "./late.ts";
import { FlatSeries } from "./numbers.ts";
import { faulty, placeReading } from "./order.ts";
import {
  type Device,
  type Fold,
  type HeldReading,
  type Moment,
  monitorLimits,
  type Sample,
  type Series,
} from "./state.ts";

/** DS18B20: what it says after a power-on, and also a possible soup. */
const powerOnCelsius = 85;
/** How near both neighbours must be for a soup. */
const soupCelsiusMax = 2;

/** @returns the series, if the reading is the newest one that a page may see, flagged or not */
export function feedReading(fold: Fold, device: Device, reading: JournaledReading): Series | null {
  // A time that nobody believes proves only that the device is there.
  if ((reading.flags & flagBits.clockSuspect) !== 0) return null;
  const series = fold.recall(reading) ?? findSeries(fold, device, reading);
  if (series === null) return null;
  const { timeMs, seq, order } = placeReading(fold, series, reading);
  if (order === "same") return null;
  const moment: Moment = { device, series, timeMs, sample: reading };
  if ((reading.flags & faulty) !== 0) {
    if (order === "late") return null;
    feedFlagged(fold, moment, { series, seq, flags: reading.flags });
    return series;
  }
  if (order === "late") {
    judgeLate(fold, moment, series);
    return null;
  }
  if (series.held.length > 0) settleHeld(fold, moment, { series, seq });
  takeNewest(fold, moment, { series, seq });
  return series;
}

/** `null` for one too many. */
function findSeries(fold: Fold, device: Device, reading: JournaledReading): Series | null {
  const series = device.series.get(reading.seriesKey) ?? addSeries(fold, device, reading);
  if (series !== null) fold.remember(reading, series);
  return series;
}

function addSeries(fold: Fold, device: Device, reading: JournaledReading): Series | null {
  if (device.series.size >= monitorLimits.seriesPerDevice) {
    device.overflow += 1;
    return null;
  }
  const series = new FlatSeries(device, {
    key: reading.seriesKey,
    channel: reading.channel,
    reading: reading.reading,
  });
  device.series.set(series.key, series);
  fold.assignRules(device, series);
  return series;
}

function takeNewest(
  fold: Fold,
  moment: Moment,
  { series, seq }: { series: Series; seq: number },
): void {
  const { sample, timeMs } = moment;
  series.timeMs = timeMs;
  series.seq = seq;
  series.shiftMs = timeMs - fold.monotonicMs;
  series.keepNewest(sample);
  series.faultRun = 0;
  judgeReading(fold, moment, series);
}

function feedFlagged(
  fold: Fold,
  moment: Moment,
  { series, seq, flags }: { series: Series; seq: number; flags: number },
): void {
  if (isPerhapsSoup(moment, series, flags)) {
    const last = series.held.at(-1);
    const isNewer =
      last === undefined ||
      moment.timeMs > last.timeMs ||
      (moment.timeMs === last.timeMs && (seq === -1 || seq > last.seq));
    if (!isNewer) return;
    const held = { timeMs: moment.timeMs, seq, sample: copySample(moment.sample) };
    series.held = [...series.held, held];
    // So long an 85.0 is a sensor that hangs.
    if (series.held.length > monitorLimits.heldReadings) rejectHeld(fold, moment, series);
    return;
  }
  rejectHeld(fold, moment, series);
  countFault(fold, moment, { series, seq });
}

/** The reading before it must lie near; whether the next one does is seen when it comes. */
function isPerhapsSoup({ device, sample }: Moment, series: Series, flags: number): boolean {
  return (
    flags === flagBits.sensorFault &&
    device.facts?.place === "cooking" &&
    sample.fields["celsius"] === powerOnCelsius &&
    isNearSoup(series.newest?.fields)
  );
}

function isNearSoup(fields: Sample["fields"] | undefined): boolean {
  const celsius = fields?.["celsius"];
  return celsius !== undefined && Math.abs(celsius - powerOnCelsius) <= soupCelsiusMax;
}

/** A good reading decides on those that wait before it; ones of a later time go on waiting. */
function settleHeld(
  fold: Fold,
  moment: Moment,
  { series, seq }: { series: Series; seq: number },
): void {
  const isBefore = (held: HeldReading) =>
    held.timeMs < moment.timeMs || (held.timeMs === moment.timeMs && held.seq < seq);
  const isSoup = isNearSoup(moment.sample.fields);
  if (!isSoup) {
    // A reading that is no neighbour of a soup speaks against all of them.
    rejectHeld(fold, moment, series);
    return;
  }
  const accepted = series.held.filter(isBefore);
  series.held = series.held.filter((held) => !isBefore(held));
  for (const { timeMs, seq, sample } of accepted) {
    takeNewest(fold, { ...moment, timeMs, sample }, { series, seq });
  }
}

function rejectHeld(fold: Fold, moment: Moment, series: Series): void {
  const { held } = series;
  series.held = [];
  for (const { timeMs, seq, sample } of held) {
    countFault(fold, { ...moment, timeMs, sample }, { series, seq });
  }
}

/** A resend of a faulty reading is no second fault. */
function countFault(
  fold: Fold,
  moment: Moment,
  { series, seq }: { series: Series; seq: number },
): void {
  const { timeMs } = moment;
  const isNewer =
    timeMs > series.faultTimeMs ||
    (timeMs === series.faultTimeMs && (seq === -1 || seq > series.faultSeq));
  if (!isNewer) return;
  series.faultTimeMs = timeMs;
  series.faultSeq = seq;
  series.faultRun += 1;
  for (const [index, rule] of series.rules.entries()) {
    if (rule.kind === "implausible") judgeFault(fold, moment, { series, index, rule });
  }
}

/** Without what only the decoder and the store need. */
function copySample(sample: Sample): Sample {
  const { eventTimeMs, originalTimeMs, seq, receivedTimeMs } = sample;
  const { offset, index, fields, batteryPct } = sample;
  return { eventTimeMs, originalTimeMs, seq, receivedTimeMs, offset, index, fields, batteryPct };
}
