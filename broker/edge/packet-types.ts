/** Control packet types, MQTT 3.1.1 table 2.1. */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

export type QoS = 0 | 1 | 2;

/** Why the gate closes a connection. Each is counted under its own label. */
export const gateFaults = [
  "remaining-length-invalid",
  "packet-too-large",
  "packet-type-not-allowed",
  "fixed-header-flags",
  "connect-expected",
  "second-connect",
  "connect-malformed",
  "protocol-name",
  "protocol-level",
  "client-id",
  "will-invalid",
  "string-invalid",
  "topic-invalid",
  "filter-invalid",
  "too-many-filters",
  "packet-id",
  "packet-length",
  "after-disconnect",
] as const;
export type GateFault = (typeof gateFaults)[number];
