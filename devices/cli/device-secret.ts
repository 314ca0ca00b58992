import type { DevicesConfig, MqttAddress } from "../config.ts";
import { formatPrincipal } from "../ids.ts";
import type { ReadingName } from "../readings.ts";
import { firstTopic, kindFacts } from "../registry/kinds.ts";
import type { IssuedSecret } from "../registry/registry.ts";
import type { CommandContext } from "./command.ts";
import { answer } from "./registry-session.ts";
import { shellQuote } from "./text.ts";

const samplePayloads: Readonly<Record<ReadingName, string>> = {
  temperature: '{"celsius":3.5}',
  position: '{"lat":-6.2,"lon":106.8}',
  weight: '{"weightKg":18.35}',
  humidity: '{"humidityPct":61}',
  door: '{"open":1}',
};

/** Addresses that a listener binds to and nobody can connect to from elsewhere by name. */
const anyAddresses = new Set(["0.0.0.0", "::", "[::]"]);
const defaultMqttPort = 1883;

/** [MQTT 3.1, 3.1: Client Identifier] Nadi takes any of up to 128 characters. */
const oldClientIdMax = 23;
const oldClients = "MQTT 3.1   takes 23 characters as a client id: give it any shorter one";

/** All that a device must be told, once: `device add`, `enable` and `rotate` answer it. */
export function answerSecret(
  context: CommandContext,
  config: DevicesConfig,
  issued: IssuedSecret,
): number {
  const { sppgId, deviceId, kind, secret: password } = issued;
  const username = formatPrincipal(sppgId, deviceId);
  const { reading } = kindFacts[kind];
  const topic = firstTopic(issued);
  const door = config.devicesAddress ?? ownListener(config);
  const json = { sppgId, deviceId, clientId: username, username, password, topic };
  const text = [
    `client id  ${username}`,
    `username   ${username}`,
    `password   ${password}`,
    `topic      ${topic}`,
    ...(username.length > oldClientIdMax ? [oldClients] : []),
    "",
    "The password is shown only now. To try it:",
    "",
    [
      `mosquitto_pub -h ${shellQuote(door.host)} -p ${door.port}`,
      ...(door.isTls ? ["--tls-use-os-certs"] : []),
      `-i ${shellQuote(username)} -u ${shellQuote(username)} -P ${shellQuote(password)}`,
      `-q 1 -t ${shellQuote(topic)} -m ${shellQuote(samplePayloads[reading])}`,
    ].join(" "),
    "",
  ].join("\n");
  return answer(context, json, text);
}

function ownListener({ mqttHost: host, mqttPort: port }: DevicesConfig): MqttAddress {
  return {
    host: anyAddresses.has(host) ? "127.0.0.1" : host,
    // 0 lets serve pick a port, which its log tells.
    port: port === 0 ? defaultMqttPort : port,
    isTls: false,
  };
}
