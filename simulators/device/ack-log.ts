/** A message whose PUBACK was read. */
export interface AckedMessage {
  sppgId: string;
  /** Whose connection carried it. */
  deviceId: string;
  topicName: string;
  payload: string;
}

/** What was acknowledged, reading by reading: `{topicName}@{ts}`. For tests, not for long runs. */
export interface AckLog {
  record(message: AckedMessage): void;
  identities(): ReadonlySet<string>;
}

export function createAckLog(): AckLog {
  const identities = new Set<string>();
  return {
    record(message) {
      for (const identity of identitiesOf(message)) identities.add(identity);
    },
    identities: () => identities,
  };
}

/** The readings of a native payload, by topic and event time. */
export function identitiesOf(message: { topicName: string; payload: string }): string[] {
  // A payload of our own: an object or an array of objects, each with its time.
  const value = JSON.parse(message.payload) as { ts: number } | { ts: number }[];
  const items = Array.isArray(value) ? value : [value];
  return items.map(({ ts }) => `${message.topicName}@${ts}`);
}
