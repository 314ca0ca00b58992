/**
 * The rules that every kitchen starts with. Limits and sources are those of the domain notes; "†"
 * there, general knowledge not checked against an original text, is said here as "unchecked".
 * Durations, clear values, grace and rates are choices of this project: a source that sets a limit
 * seldom says how long. A kitchen replaces any of them by a rule with the same key.
 */
import type { Rule } from "./rule.ts";

const minute = 60;
const hour = 60 * minute;

const celsius = { reading: "temperature", field: "celsius" } as const;

/** The form that a kitchen is inspected by for its hygiene certificate. */
const inspectionForm = { sourceKind: "regulation" } as const;

const coldStoreRules: readonly Rule[] = [
  {
    kind: "threshold",
    key: "cold-store-limit",
    severity: "critical",
    scope: { place: "coldStore" },
    ...celsius,
    when: "above",
    limit: 5,
    clearLimit: 4.5,
    // Industry practice: a door opening must not alert.
    minDurationSeconds: 15 * minute,
    clearDurationSeconds: 2 * minute,
    quietSeconds: 15 * minute,
    limitSource: { ...inspectionForm, source: "Health inspection form: cold holding at most 5 °C" },
  },
  {
    kind: "threshold",
    key: "cold-store-warning",
    severity: "warning",
    scope: { place: "coldStore" },
    ...celsius,
    when: "above",
    limit: 4,
    clearLimit: 3.5,
    // A store that is set to 4 °C swings around it by a degree: half an hour is no swing.
    minDurationSeconds: 30 * minute,
    clearDurationSeconds: 2 * minute,
    quietSeconds: 30 * minute,
    limitSource: {
      source: "Early warning of this project, at the 4 °C of Kepmenkes 1204/2004 (second-hand)",
      sourceKind: "project",
    },
  },
  {
    kind: "rateOfChange",
    key: "cold-store-rising",
    severity: "warning",
    scope: { place: "coldStore" },
    ...celsius,
    direction: "rising",
    perMinuteMax: 1,
    windowSeconds: 10 * minute,
    quietSeconds: 30 * minute,
    limitSource: { source: "Nadi: 10 °C within 10 min is no door opening", sourceKind: "project" },
  },
];

const freezerRules: readonly Rule[] = [
  {
    kind: "threshold",
    key: "freezer-limit",
    severity: "critical",
    scope: { place: "freezer" },
    ...celsius,
    when: "above",
    limit: -18,
    clearLimit: -18.5,
    // Defrosting lifts a freezer above its limit for half an hour or more.
    minDurationSeconds: hour,
    clearDurationSeconds: 5 * minute,
    quietSeconds: 30 * minute,
    limitSource: {
      source: "Codex: frozen food at most −18 °C (unchecked)",
      sourceKind: "guidance",
    },
  },
  {
    kind: "threshold",
    key: "freezer-warning",
    severity: "warning",
    scope: { place: "freezer" },
    ...celsius,
    when: "above",
    limit: -15,
    clearLimit: -16,
    minDurationSeconds: 15 * minute,
    clearDurationSeconds: 2 * minute,
    quietSeconds: 30 * minute,
    limitSource: {
      source: "Codex: warn above −15 °C (unchecked)",
      sourceKind: "guidance",
    },
  },
  {
    kind: "rateOfChange",
    key: "freezer-rising",
    severity: "warning",
    scope: { place: "freezer" },
    ...celsius,
    direction: "rising",
    perMinuteMax: 1.5,
    windowSeconds: 10 * minute,
    quietSeconds: hour,
    limitSource: {
      source: "Nadi: 15 °C within 10 min is faster than defrosting",
      sourceKind: "project",
    },
  },
];

/** Below it nobody holds food hot: the cabinet is off, the box empty. The air may have 38 °C. */
const hotIdleLimit = 40;

const hotHoldingRules: readonly Rule[] = [
  {
    kind: "threshold",
    key: "hot-holding-limit",
    severity: "critical",
    scope: { place: "hotHolding" },
    ...celsius,
    when: "below",
    limit: 60,
    clearLimit: 61,
    // Serving opens the lid again and again.
    minDurationSeconds: 10 * minute,
    clearDurationSeconds: minute,
    idleLimit: hotIdleLimit,
    quietSeconds: 15 * minute,
    limitSource: {
      ...inspectionForm,
      source: "Health inspection form: hot holding at least 60 °C",
    },
  },
  {
    kind: "threshold",
    key: "hot-holding-warning",
    severity: "warning",
    scope: { place: "hotHolding" },
    ...celsius,
    when: "below",
    limit: 63,
    clearLimit: 64,
    minDurationSeconds: 10 * minute,
    clearDurationSeconds: minute,
    idleLimit: hotIdleLimit,
    quietSeconds: 15 * minute,
    limitSource: {
      source: "Early warning of this project, at the 63 °C of the UK (unchecked)",
      sourceKind: "project",
    },
  },
];

const deliveryBoxRules: readonly Rule[] = [
  {
    kind: "threshold",
    key: "delivery-box-limit",
    severity: "critical",
    scope: { place: "deliveryBox" },
    ...celsius,
    when: "below",
    limit: 60,
    clearLimit: 61,
    // Long enough for unloading at a stop with the lid open.
    minDurationSeconds: 10 * minute,
    clearDurationSeconds: minute,
    idleLimit: hotIdleLimit,
    quietSeconds: 15 * minute,
    limitSource: {
      ...inspectionForm,
      source: "Health inspection form: hot holding at least 60 °C, applied to the way (project)",
    },
  },
  {
    kind: "threshold",
    key: "delivery-box-warning",
    severity: "warning",
    scope: { place: "deliveryBox" },
    ...celsius,
    when: "below",
    limit: 63,
    clearLimit: 64,
    minDurationSeconds: 5 * minute,
    clearDurationSeconds: minute,
    idleLimit: hotIdleLimit,
    quietSeconds: 15 * minute,
    limitSource: {
      source: "Early warning of this project, at the 63 °C of the UK (unchecked)",
      sourceKind: "project",
    },
  },
];

const dryStoreRules: readonly Rule[] = [
  {
    kind: "threshold",
    key: "dry-store-warm",
    severity: "warning",
    scope: { place: "dryStore" },
    ...celsius,
    when: "above",
    limit: 22,
    clearLimit: 21.5,
    minDurationSeconds: hour,
    clearDurationSeconds: 10 * minute,
    // The afternoon of a warm day is one alert.
    quietSeconds: 6 * hour,
    limitSource: {
      source: "Kepmenkes 1204/2004: dry store below 22 °C (second-hand)",
      sourceKind: "regulation",
    },
  },
];

/** The contact says 1 while the door stands open. */
const doorOpen = {
  kind: "threshold",
  severity: "warning",
  reading: "door",
  field: "open",
  when: "above",
  limit: 0.5,
  clearLimit: 0,
  minDurationSeconds: 5 * minute,
  clearDurationSeconds: 0,
  quietSeconds: 5 * minute,
  limitSource: { source: "Nadi: a store's door stands open for 5 min", sourceKind: "project" },
} as const;

const doorRules: readonly Rule[] = [
  { ...doorOpen, key: "cold-store-door", scope: { place: "coldStore" } },
  { ...doorOpen, key: "freezer-door", scope: { place: "freezer" } },
];

/** A store that nobody measures may be warm: it may be so no longer than it may be warm. */
const storeSilent = {
  kind: "noData",
  severity: "critical",
  intervalsMissed: 5,
  graceSeconds: 15 * minute,
  quietSeconds: 30 * minute,
} as const;

const noDataRules: readonly Rule[] = [
  {
    kind: "noData",
    key: "device-silent",
    severity: "warning",
    scope: {},
    intervalsMissed: 5,
    graceSeconds: 3 * minute,
    quietSeconds: 10 * minute,
  },
  {
    kind: "noData",
    key: "gateway-silent",
    // It stands for everything behind it, the cold stores too.
    severity: "critical",
    scope: { deviceKind: "gateway" },
    intervalsMissed: 3,
    graceSeconds: 3 * minute,
    quietSeconds: 10 * minute,
  },
  {
    kind: "noData",
    key: "tracker-silent",
    severity: "warning",
    scope: { deviceKind: "gps-tracker" },
    intervalsMissed: 5,
    // Of some trackers 1 % of the fixes come more than 9 min late.
    graceSeconds: 15 * minute,
    quietSeconds: 30 * minute,
  },
  { ...storeSilent, key: "cold-store-silent", scope: { place: "coldStore" } },
  { ...storeSilent, key: "freezer-silent", scope: { place: "freezer" } },
];

const sensorRules: readonly Rule[] = [
  {
    kind: "implausible",
    key: "sensor-fault",
    severity: "warning",
    scope: {},
    // A loose plug gives one or two wrong values; five in a row is a broken one.
    readingsInRow: 5,
    quietSeconds: 30 * minute,
  },
];

/** In the order in which they are shown. */
export const defaultRules: readonly Rule[] = [
  ...coldStoreRules,
  ...freezerRules,
  ...hotHoldingRules,
  ...deliveryBoxRules,
  ...dryStoreRules,
  ...doorRules,
  ...noDataRules,
  ...sensorRules,
];

/** The version number of every default: a kitchen's own begin at 1. */
export const defaultRuleVersion = 0;
