/** Small segments, so that trimming happens all the time. */
export const consumerJournal = {
  segmentBytesMax: 16_384,
  freeBytesMin: 0,
  reserveBytes: 0,
} as const;
