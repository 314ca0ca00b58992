import { expect, test } from "vitest";
import { connectUserName } from "../../../broker/edge/connect-check.ts";
import { type ConnectFields, lengthPrefixed, packets } from "../../support/mqtt-wire.ts";
import { passGate } from "./drive-gate.ts";

function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

/** A CONNECT from its parts: protocol, level, flags, keep-alive 60, and the payload as given. */
function connect(flags: number, ...payload: readonly Uint8Array[]): Buffer {
  const fixed = [lengthPrefixed("MQTT"), bytes(4, flags), bytes(0, 60)];
  return packets.raw(0x10, ...fixed, ...payload);
}

const id = lengthPrefixed("c");
const will = { topicName: "w/t", payload: "gone" };

test.for<[string, ConnectFields]>([
  ["with a client id", { clientId: "c" }],
  ["of MQTT 3.1", { clientId: "c", protocolVersion: 3 }],
  ["without a client id, with clean session 1", { clientId: "", clean: true }],
  ["with clean session 0 and a client id", { clientId: "c", clean: false }],
  ["with user name and password", { username: "u", password: "p" }],
  ["with a user name only", { username: "u" }],
  ["with an empty user name", { username: "", password: "p" }],
  ["with an empty password", { username: "u", password: "" }],
  ["with a binary password", { username: "u", password: bytes(0, 0xff, 0xc0, 0x0a) }],
  ["with a will of QoS 2, retained", { will: { ...will, qos: 2, retain: true } }],
  ["with an empty will message", { will: { topicName: "w", payload: "" } }],
  ["with a binary will message", { will: { topicName: "w", payload: bytes(0, 0xff) } }],
  ["with everything", { clientId: "c", clean: false, username: "u", password: "p", will }],
  ["with keep-alive 0", { keepAlive: 0 }],
  ["with a client id that starts with U+FEFF", { clientId: "\ufeffc" }],
])("a CONNECT %s passes whole", ([, fields]) => {
  const packet = packets.connect(fields);
  expect(passGate([packet])).toMatchObject({
    packets: [{ kind: "other", bytes: packet }],
    fault: null,
  });
});

test.for<[string, ConnectFields]>([
  ["level 5 of MQTT", { protocolVersion: 5 }],
  ["level 3 of MQTT", { protocolVersion: 3, protocolName: "MQTT" }],
  ["level 4 of MQIsdp", { protocolVersion: 4, protocolName: "MQIsdp" }],
  ["level 0", { protocolVersion: 0, protocolName: "MQTT" }],
  ["a bridge of 3.1.1", { protocolVersion: 0x84 }],
  ["a bridge of 3.1", { protocolVersion: 0x83, protocolName: "MQIsdp" }],
])("%s is answered with return code 1 [MQTT-3.1.2-2]", ([, fields]) => {
  expect(passGate([packets.connect(fields)])).toMatchObject({
    packets: [],
    fault: "protocol-level",
    returnCode: 1,
  });
});

test.for<[string, ConnectFields]>([
  ["with clean session 0 [MQTT-3.1.3-8]", { clientId: "", clean: false }],
  ["of MQTT 3.1, which knows none", { clientId: "", clean: true, protocolVersion: 3 }],
])("an empty client id %s is answered with 2", ([, fields]) => {
  expect(passGate([packets.connect(fields)])).toMatchObject({
    packets: [],
    fault: "client-id",
    returnCode: 2,
  });
});

test.for<[string, Buffer, string]>([
  ["another protocol", packets.connect({ protocolName: "HTTP" }), "protocol-name"],
  ["a protocol name in lower case", packets.connect({ protocolName: "mqtt" }), "protocol-name"],
  ["no protocol name", packets.raw(0x10), "protocol-name"],
  [
    "nothing after the protocol name",
    packets.raw(0x10, lengthPrefixed("MQTT")),
    "connect-malformed",
  ],
  ["no flags", packets.raw(0x10, lengthPrefixed("MQTT"), bytes(4)), "connect-malformed"],
  [
    "half a keep-alive",
    packets.raw(0x10, lengthPrefixed("MQTT"), bytes(4, 2, 0)),
    "connect-malformed",
  ],
  ["the reserved flag [MQTT-3.1.2-3]", connect(0x03, id), "connect-malformed"],
  ["a password without a user name [MQTT-3.1.2-22]", connect(0x42, id, id), "connect-malformed"],
  ["no client id", connect(0x02), "string-invalid"],
  ["a client id that is cut", connect(0x02, bytes(0, 2, 97)), "string-invalid"],
  ["a user name flag without a user name", connect(0x82, id), "string-invalid"],
  ["a password flag without a password", connect(0xc2, id, id), "connect-malformed"],
  ["a password that is cut", connect(0xc2, id, id, bytes(0, 9, 97)), "connect-malformed"],
  ["bytes after the payload", connect(0x02, id, bytes(0)), "connect-malformed"],
  ["a will flag without a will", connect(0x06, id), "string-invalid"],
  ["a will without a message", connect(0x06, id, lengthPrefixed("w")), "connect-malformed"],
  [
    "a will of QoS 3 [MQTT-3.1.2-14]",
    packets.connect({ will: { ...will, qos: 3 } }),
    "will-invalid",
  ],
  ["a will QoS without a will [MQTT-3.1.2-13]", connect(0x0a, id), "will-invalid"],
  ["a will retain without a will [MQTT-3.1.2-15]", connect(0x22, id), "will-invalid"],
  ["a will on an empty topic", packets.connect({ will: { topicName: "" } }), "will-invalid"],
  ["a will on a filter with #", packets.connect({ will: { topicName: "t/#" } }), "will-invalid"],
  ["a will on a filter with +", packets.connect({ will: { topicName: "+/t" } }), "will-invalid"],
  [
    "a will on $SYS",
    packets.connect({ will: { topicName: "$SYS/x/new/clients" } }),
    "will-invalid",
  ],
  ["a will on 9 levels", packets.connect({ will: { topicName: "/".repeat(8) } }), "will-invalid"],
  [
    "a will on a long topic",
    packets.connect({ will: { topicName: "w".repeat(1025) } }),
    "will-invalid",
  ],
  ["a will topic with U+0000", packets.connect({ will: { topicName: "a\0" } }), "string-invalid"],
  [
    "a will topic that is no UTF-8",
    packets.connect({ will: { topicName: bytes(0xff) } }),
    "string-invalid",
  ],
  ["a client id with a control character", packets.connect({ clientId: "a\r" }), "string-invalid"],
  ["a client id that is no UTF-8", packets.connect({ clientId: bytes(0xc3) }), "string-invalid"],
  ["a user name with U+0000", packets.connect({ username: "u\0" }), "string-invalid"],
  ["a user name with a C1 control", packets.connect({ username: "u\u009f" }), "string-invalid"],
  [
    "a user name that is no UTF-8",
    packets.connect({ username: bytes(0xed, 0xa0, 0x80) }),
    "string-invalid",
  ],
])("a CONNECT with %s closes without an answer", ([, packet, fault]) => {
  expect(passGate([packet])).toMatchObject({ packets: [], fault, returnCode: null });
});

test.for<[string, ConnectFields, string | null]>([
  [
    "after a will",
    { clientId: "c", username: "sppg-a.probe", password: "p", will },
    "sppg-a.probe",
  ],
  ["of MQTT 3.1", { clientId: "c", username: "sppg-a.probe", protocolVersion: 3 }, "sppg-a.probe"],
  ["of a long CONNECT", { clientId: "c".repeat(200), username: "u", password: "p" }, "u"],
  ["that is empty", { clientId: "c", username: "" }, ""],
  ["that is not there", { clientId: "c", will }, null],
])("the user name %s is read", ([, fields, userName]) => {
  expect(connectUserName(packets.connect(fields))).toBe(userName);
});
