/** What a caller may do about an error: branch on this or on the code, never on a text. */
export interface ErrorFacts {
  class: "input" | "refused" | "conflict" | "unavailable" | "internal";
  /** The HTTP status if it reaches HTTP. */
  status: number;
  retryable: boolean;
}

const input = { class: "input", status: 422, retryable: false } as const;

/** Why a payload, or one item of it, is not a reading. The ingest keeps it as a dead letter. */
export const codecErrors = {
  DEVICES_PAYLOAD_TOO_LARGE: input,
  DEVICES_PAYLOAD_NOT_UTF8: input,
  DEVICES_PAYLOAD_NOT_JSON: input,
  DEVICES_PAYLOAD_TOO_DEEP: input,
  DEVICES_PAYLOAD_TOO_MANY_KEYS: input,
  DEVICES_PAYLOAD_TOO_MANY_ITEMS: input,
  /** Valid JSON, but not the object or array that the format asks for. */
  DEVICES_PAYLOAD_SHAPE: input,
  /** In a tree that devices publish in, but not as that tree asks for. */
  DEVICES_TOPIC_INVALID: input,
  DEVICES_READING_UNKNOWN: input,
  DEVICES_FIELD_MISSING: input,
  DEVICES_FIELD_TYPE: input,
  /** JSON has no NaN, but `1e999` parses as Infinity. */
  DEVICES_FIELD_NOT_FINITE: input,
  DEVICES_COORDINATES_INVALID: input,
  /** (0, 0), or a position that its own tracker calls invalid. */
  DEVICES_POSITION_NO_FIX: input,
  DEVICES_TIME_INVALID: input,
  DEVICES_UNIT_UNKNOWN: input,
  DEVICES_CHANNEL_INVALID: input,
  DEVICES_CHILD_ID_INVALID: input,
} as const satisfies Record<string, ErrorFacts>;

export type CodecReason = keyof typeof codecErrors;

/** Why a text is not a realtime message. */
export const messageErrors = {
  DEVICES_MESSAGE_TOO_LARGE: input,
  DEVICES_MESSAGE_NOT_JSON: input,
  DEVICES_MESSAGE_INVALID: input,
} as const satisfies Record<string, ErrorFacts>;

export type MessageReason = keyof typeof messageErrors;
