import { expect, test } from "vitest";
import { Presence, type PresenceChange } from "../../../broker/edge/presence.ts";
import { devicePrincipal } from "../../../broker/edge/principal.ts";
import type { Message } from "../../../broker/edge/session.ts";

const probe = devicePrincipal({ sppgId: "sppg-1", deviceId: "probe-1", codec: null });
const scale = devicePrincipal({ sppgId: "sppg-1", deviceId: "scale-1", codec: null });

function createPresence() {
  const published: Message[] = [];
  let wallMs = 5000;
  const presence = new Presence(
    (message) => published.push(message),
    () => wallMs++,
  );
  const told = (): unknown[] =>
    published.splice(0).map(({ topicName, payload }) => [topicName, payload.toString()]);
  return { presence, published, told };
}

const topicName = "sppg/sppg-1/presence/probe-1";

test("a device comes online with its first connection and leaves with its last", () => {
  const { presence, told } = createPresence();
  presence.connected(probe);
  expect(told()).toEqual([[topicName, '{"online":true,"since":5000}']]);
  presence.connected(probe);
  presence.disconnected(probe);
  expect([told(), presence.onlineCount]).toEqual([[], 1]);
  presence.disconnected(probe);
  expect(told()).toEqual([[topicName, '{"online":false,"since":5001}']]);
  expect(presence.onlineCount).toBe(0);
});

test("a device that was never online does not leave", () => {
  const { presence, told } = createPresence();
  presence.disconnected(probe);
  expect(told()).toEqual([]);
});

test("presence is retained at QoS 1, for those who ask later", () => {
  const { presence, published } = createPresence();
  presence.connected(probe);
  expect(published).toMatchObject([{ topicName, qos: 1, retain: true }]);
});

test("listeners hear each change until they are removed", () => {
  const { presence } = createPresence();
  const heard: PresenceChange[] = [];
  const remove = presence.onChange((change) => heard.push(change));
  presence.connected(probe);
  presence.connected(scale);
  presence.disconnected(scale);
  remove();
  presence.disconnected(probe);
  expect(heard).toEqual([
    { sppgId: "sppg-1", deviceId: "probe-1", online: true, sinceMs: 5000 },
    { sppgId: "sppg-1", deviceId: "scale-1", online: true, sinceMs: 5001 },
    { sppgId: "sppg-1", deviceId: "scale-1", online: false, sinceMs: 5002 },
  ]);
});

test("a device that is online elsewhere too neither comes nor leaves here", () => {
  const { presence, told } = createPresence();
  const local: boolean[] = [];
  presence.onLocalChange(({ online }) => local.push(online));
  const at = (online: boolean, sinceMs: number) => {
    const { sppgId, deviceId } = probe;
    return { sppgId, deviceId, online, sinceMs };
  };
  presence.setElsewhere("b", at(true, 100));
  presence.setElsewhere("b", at(true, 100));
  expect(told()).toEqual([[topicName, '{"online":true,"since":100}']]);
  presence.connected(probe);
  presence.setElsewhere("c", at(true, 300));
  presence.setElsewhere("b", at(false, 400));
  presence.disconnected(probe);
  expect(told()).toEqual([]);
  // The others hear what happens here, whatever there is elsewhere.
  expect(local).toEqual([true, false]);
  presence.setElsewhere("c", at(false, 500));
  expect(told()).toEqual([[topicName, '{"online":false,"since":500}']]);
});
