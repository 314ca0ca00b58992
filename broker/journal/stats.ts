/** Plain counters since the journal was opened; the metrics endpoint reads them. */
export interface JournalStats {
  entriesSynced: number;
  bytesSynced: number;
  groupsSynced: number;
  /** Time in `write` and `fdatasync` together; with `groupsSynced` it gives the mean. */
  syncMsTotal: number;
  syncMsMax: number;
  /** Entries and bytes that wait for the disk now. */
  entriesPending: number;
  bytesPending: number;
  /** Bytes of all segments on disk. */
  bytesOnDisk: number;
  segments: number;
  /** Files that failed to write or sync and are not written any more. */
  fences: number;
  /** Attempts to write that ended with acknowledgements withheld. */
  withheld: number;
  /** Records that can't be read any more, each counted when it is first met. */
  damagedRecords: number;
  damagedHeaders: number;
  damagedFooters: number;
  /** Ends of files that no whole record stands behind: cut off when the journal was opened. */
  tailsCut: number;
  tailBytesCut: number;
  segmentsQuarantined: number;
  /** Segments that were being created when the process ended: empty, removed. */
  segmentsUnborn: number;
  segmentsTrimmed: number;
  /** Copies of damage that could not be kept; the damage itself is counted all the same. */
  quarantineFailures: number;
  /** Cursors that pointed beyond the last entry: offsets go on behind them. */
  cursorsBeyondEnd: number;
  /** Cursor slots whose checksum failed; the other slot stood in. */
  cursorSlotsDamaged: number;
  /** Cursors without a whole slot: they start again at the first entry. */
  cursorsReset: number;
  clockSteps: number;
  /** Files that should be gone and could not be removed; tried again at the next start. */
  unlinkFailures: number;
}

const NO_STATS: JournalStats = {
  entriesSynced: 0,
  bytesSynced: 0,
  groupsSynced: 0,
  syncMsTotal: 0,
  syncMsMax: 0,
  entriesPending: 0,
  bytesPending: 0,
  bytesOnDisk: 0,
  segments: 0,
  fences: 0,
  withheld: 0,
  damagedRecords: 0,
  damagedHeaders: 0,
  damagedFooters: 0,
  tailsCut: 0,
  tailBytesCut: 0,
  segmentsQuarantined: 0,
  segmentsUnborn: 0,
  segmentsTrimmed: 0,
  quarantineFailures: 0,
  cursorsBeyondEnd: 0,
  cursorSlotsDamaged: 0,
  cursorsReset: 0,
  clockSteps: 0,
  unlinkFailures: 0,
};

export function createStats(): JournalStats {
  return { ...NO_STATS };
}
