import { expect, test } from "vitest";
import { describeDoor } from "../../../dashboard/server/mqtt-door.ts";

const listener = { port: 1883, tlsPort: 8883 };

test.for([
  ["127.0.0.1", "dapur.lan", "127.0.0.1", true],
  ["::1", "dapur.lan", "::1", true],
  ["localhost", "dapur.lan", "localhost", true],
  ["192.168.1.5", "dapur.lan", "192.168.1.5", false],
  ["0.0.0.0", "dapur.lan", "dapur.lan", false],
  ["::", "192.168.1.5", "192.168.1.5", false],
  ["[::]", "[fe80::1]", "fe80::1", false],
  ["0.0.0.0", "x';reboot;'", "localhost", false],
  ["0.0.0.0", "", "localhost", false],
] as const)("bound to %s and asked as %s, devices are sent to %s", (row) => {
  const [bound, hostname, host, isLoopbackOnly] = row;
  const door = describeDoor({ ...listener, host: bound }, { hostname });
  expect(door).toEqual({ ...listener, host, isLoopbackOnly });
});
