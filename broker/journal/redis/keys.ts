/** Names in Redis. A partition's channel carries its last offset each time that it has grown. */
export const journalKey = "nadi:journal";
export const producersKey = "nadi:journal:producers";

export interface PartitionKeys {
  stream: string;
  state: string;
  cursors: string;
  channel: string;
}

export function partitionKeys(partition: number): PartitionKeys {
  const stream = `${journalKey}:${partition}`;
  return {
    stream,
    state: `${stream}:state`,
    cursors: `${stream}:cursors`,
    channel: `${stream}:appended`,
  };
}
