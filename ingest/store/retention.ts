/** For how many days of event time each resolution is kept; a whole file goes at once. */
export interface StoreKeep {
  rawDays: number;
  minuteDays: number;
  hourDays: number;
}

/** A month shows each reading; a year and more its minutes; ten years its hours. */
export const defaultStoreKeep: StoreKeep = { rawDays: 30, minuteDays: 400, hourDays: 3_650 };

/**
 * Nothing late reaches a day that ended so long ago: a device's time is believed for 7 days, and
 * the journal may hold readings for 2 more. Then its rollups are copied.
 */
export const archivedAfterDays = 9;

export function checkKeep(keep: StoreKeep): StoreKeep {
  for (const [name, days] of Object.entries(keep)) {
    if (!Number.isInteger(days) || days < archivedAfterDays) {
      throw new RangeError(
        `${name} is ${days}: at least ${archivedAfterDays} whole days are kept, since late ` +
          "readings still come.",
      );
    }
  }
  return Object.freeze({ ...keep });
}
