import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import {
  type DeviceAddress,
  setupText,
  tryLine,
} from "../../../../../dashboard/web/pages/devices/try-line.ts";
import { codecNames, deviceKinds, parseDeviceTopic } from "../../../../../devices/browser.ts";
import { codecFor } from "../../../../../devices/index.ts";

function addressOf(parts: Partial<DeviceAddress["device"]> = {}): DeviceAddress {
  return {
    sppgId: "sppg-jakarta-001",
    device: {
      deviceId: "probe-1",
      kind: "temperature-probe",
      codec: null,
      expectedIntervalSeconds: 10,
      ...parts,
    },
    mqtt: { host: "dapur.lan", port: 1883, tlsPort: null, isLoopbackOnly: false },
    password: "-secret'$(x)",
    timeZone: "Asia/Makassar",
  };
}

/** The arguments as a shell makes them of the line, with `mosquitto_pub` put aside. */
function argumentsOf(line: string, env: Record<string, string> = {}): string[] {
  const script = `mosquitto_pub() { printf '%s\\0' "$@"; }\n${line}`;
  const printed = execFileSync("/bin/sh", ["-c", script], { env });
  return printed.toString().split("\0").slice(0, -1);
}

function optionOf(given: readonly string[], name: string): string {
  return given[given.indexOf(name) + 1] ?? "";
}

const formats = [null, ...codecNames].flatMap((codec) =>
  deviceKinds.map((kind) => ({ codec, kind })),
);

test.for(formats)("the line of a $kind that speaks $codec sends a reading", (format) => {
  const given = argumentsOf(tryLine(addressOf(format)));
  expect(optionOf(given, "-P")).toBe("-secret'$(x)");
  expect(optionOf(given, "-i")).toBe("sppg-jakarta-001.probe-1");
  const topic = parseDeviceTopic(optionOf(given, "-t"));
  expect(topic).toMatchObject({ sppgId: "sppg-jakarta-001", deviceId: "probe-1" });
  const decoded = codecFor(topic?.tree ?? "telemetry").decode({
    topicRest: topic?.rest ?? [],
    payload: Buffer.from(optionOf(given, "-m")),
    receivedTimeMs: 1_795_300_000_000,
  });
  expect(decoded).toMatchObject({ ok: true, rejected: [] });
  expect(decoded.ok && decoded.readings.length).toBeGreaterThan(0);
});

test("without the secret the line takes it from the shell", () => {
  const line = tryLine({ ...addressOf(), password: null });
  expect(optionOf(argumentsOf(line, { SECRET: "a b" }), "-P")).toBe("a b");
});

test("what is entered in a device names its own tree, the kitchen's time and the server", () => {
  const tasmota = setupText(addressOf({ codec: "tasmota" }));
  expect(tasmota).toContain("FullTopic sppg/sppg-jakarta-001/tasmota/probe-1/%prefix%/");
  expect(tasmota).toContain("MqttHost dapur.lan; MqttPort 1883");
  expect(tasmota).toContain("Timezone 8; TelePeriod 10");
  expect(setupText(addressOf({ codec: "owntracks" }))).toContain(
    "Base topic: sppg/sppg-jakarta-001/owntracks/probe-1/phone",
  );
  expect(setupText(addressOf({ codec: "traccar" }))).toContain(
    "<entry key='forward.topic'>sppg/sppg-jakarta-001/traccar/probe-1/positions</entry>",
  );
  expect(setupText({ ...addressOf({ codec: "tasmota" }), password: null })).toContain(
    "MqttPassword SECRET;",
  );
});
