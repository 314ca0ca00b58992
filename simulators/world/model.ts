import type { DeviceKind, DevicePlace, ReadingName } from "../../devices/index.ts";

/** What the registry must know of a simulated device. */
export interface SimulatedDevice {
  deviceId: string;
  /** What the kitchen's people call it; `null`: by its place. */
  name: string | null;
  kind: DeviceKind;
  place: DevicePlace | null;
  /** Publishes for it; then the device has no connection of its own. */
  gatewayId: string | null;
  intervalSeconds: number;
  readings: readonly ReadingName[];
}

/** A message that leaves a device now; `payload` is Nadi's own JSON, an array for a backlog. */
export interface PublishEvent {
  kind: "publish";
  timeMs: number;
  /** Whose connection carries it: a child's readings go through its gateway. */
  deviceId: string;
  topicName: string;
  payload: string;
  qos: 1;
}

/** The device's network goes or comes back; what it measures meanwhile comes as a backlog. */
export interface LinkEvent {
  kind: "disconnect" | "connect";
  timeMs: number;
  deviceId: string;
}

export type WorldEvent = PublishEvent | LinkEvent;

/** One measurement as it goes on the wire, without the battery. */
export interface Measured {
  reading: ReadingName;
  fields: Readonly<Record<string, number>>;
}

/** When a sensor is read, and the how-manieth time since 1970 that is. */
export interface Sampling {
  timeMs: number;
  index: number;
}

/** A device's physics and its errors. Pure: the same sampling answers the same. */
export interface Sensor {
  device: SimulatedDevice;
  /** What is the case, before noise and faults. */
  truth(timeMs: number): Readonly<Record<string, number>>;
  /** Empty when the sensor has nothing to say, e.g. a tracker without a fix. */
  measure(sampling: Sampling): readonly Measured[];
  /** Moments in `[fromMs, toMs)` at which it reports besides its interval. */
  changes?(fromMs: number, toMs: number): readonly number[];
}
