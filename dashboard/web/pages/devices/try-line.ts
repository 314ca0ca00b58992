import {
  type CodecName,
  deviceTreePrefix,
  firstTopic,
  kindFacts,
  type KitchenTimeZone,
  type ReadingName,
} from "../../../../devices/browser.ts";
import type { Device, MqttDoor } from "./device-view.ts";

/** Where a device stands and how it gets there. */
export interface DeviceAddress {
  sppgId: string;
  device: Pick<Device, "deviceId" | "kind" | "codec" | "expectedIntervalSeconds">;
  mqtt: MqttDoor;
  /** `null`: it was shown once and is gone; the line takes it from the shell's `SECRET`. */
  password: string | null;
  timeZone: KitchenTimeZone;
}

const samples: Readonly<Record<ReadingName, string>> = {
  temperature: '{"celsius":3.5}',
  position: '{"lat":-6.2,"lon":106.8}',
  weight: '{"weightKg":18.35}',
  humidity: '{"humidityPct":61}',
  door: '{"open":1}',
};

/** One line for a shell; as printed it sends a reading that the device's own format makes. */
export function tryLine(address: DeviceAddress): string {
  const { sppgId, device, mqtt, password } = address;
  const user = quote(`${sppgId}.${device.deviceId}`);
  const secret = password === null ? '"$SECRET"' : quote(password);
  const { topic, payload } = sampleOf(address);
  return [
    `mosquitto_pub -h ${quote(mqtt.host)} -p ${mqtt.port}`,
    `-i ${user} -u ${user} -P ${secret} -q 1`,
    `-t ${quote(topic)} -m ${quote(payload)}`,
  ].join(" ");
}

function sampleOf({ sppgId, device }: DeviceAddress): { topic: string; payload: string } {
  const { deviceId, kind, codec } = device;
  if (codec === null) {
    const topic = firstTopic({ sppgId, deviceId, kind });
    return { topic, payload: samples[kindFacts[kind].reading] };
  }
  const prefix = deviceTreePrefix(sppgId, codec, deviceId);
  return codecSamples[codec](prefix, deviceId);
}

type Sample = (prefix: string, deviceId: string) => { topic: string; payload: string };

const codecSamples: Readonly<Record<CodecName, Sample>> = {
  tasmota: (prefix) => ({
    topic: `${prefix}tele/SENSOR`,
    payload: '{"DS18B20":{"Temperature":3.5}}',
  }),
  owntracks: (prefix) => ({
    topic: `${prefix}phone`,
    payload: '{"_type":"location","lat":-6.2,"lon":106.8}',
  }),
  // The server's own id as the tracker: a child must be registered first.
  traccar: (prefix, deviceId) => ({
    topic: `${prefix}positions`,
    payload: traccarSample(deviceId),
  }),
};

function traccarSample(uniqueId: string): string {
  const position = { latitude: -6.2, longitude: 106.8, speed: 0, course: 0, attributes: {} };
  return JSON.stringify({ device: { uniqueId }, position });
}

/** What stands in a shell between single quotes is taken as it is. */
function quote(text: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const utcOffsets = { "Asia/Jakarta": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9 } as const;
/** Tasmota takes 10 to 3600. */
const telePeriodMin = 10;
const telePeriodMax = 3_600;

/** What is entered in the device, as a line or lines to copy. */
export function setupText(address: DeviceAddress): string {
  const { sppgId, device } = address;
  const { deviceId, codec, kind } = device;
  if (codec === null) {
    return `${firstTopic({ sppgId, deviceId, kind })}\n${samples[kindFacts[kind].reading]}`;
  }
  return codecSetups[codec](address, deviceTreePrefix(sppgId, codec, deviceId)).join("\n");
}

type Setup = (address: DeviceAddress, prefix: string) => string[];

const codecSetups: Readonly<Record<CodecName, Setup>> = {
  tasmota(address, prefix) {
    const { host, port, user, password } = loginOf(address);
    const { expectedIntervalSeconds } = address.device;
    const period = Math.min(Math.max(expectedIntervalSeconds, telePeriodMin), telePeriodMax);
    return [
      `Backlog MqttHost ${host}; MqttPort ${port}; MqttClient ${user}; MqttUser ${user}`,
      `Backlog MqttPassword ${password}; FullTopic ${prefix}%prefix%/`,
      `Backlog Timezone ${utcOffsets[address.timeZone]}; TelePeriod ${period}`,
    ];
  },
  owntracks(address, prefix) {
    const { host, port, user, password } = loginOf(address);
    return [
      `Host: ${host}`,
      `Port: ${port}`,
      `Client ID: ${user}`,
      `Username: ${user}`,
      `Password: ${password}`,
      `Base topic: ${prefix}phone`,
    ];
  },
  traccar(address, prefix) {
    const { host, port, user, password } = loginOf(address);
    return [
      "<entry key='forward.enable'>true</entry>",
      "<entry key='forward.type'>mqtt</entry>",
      `<entry key='forward.url'>mqtt://${user}:${password}@${host}:${port}</entry>`,
      `<entry key='forward.topic'>${prefix}positions</entry>`,
    ];
  },
};

function loginOf({ sppgId, device, mqtt, password }: DeviceAddress) {
  const { host, port } = mqtt;
  return { host, port, user: `${sppgId}.${device.deviceId}`, password: password ?? "SECRET" };
}
