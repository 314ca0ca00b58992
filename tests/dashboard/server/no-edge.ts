import type { DeviceEdge } from "../../../dashboard/server/services.ts";

/** A broker that nobody has connected to, for an API without one. */
export const noEdge: DeviceEdge = {
  presenceOf: () => [],
  command: () => null,
  mqtt: () => ({ host: "127.0.0.1", port: 1883, tlsPort: null }),
};
