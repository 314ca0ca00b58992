import { formatPrincipal, isDeviceId, isSppgId, parseDeviceTopic } from "../../devices/index.ts";
import { isTopicName } from "../edge/topic-rules.ts";
import { deviceTrees } from "./filters.ts";

const trees: ReadonlySet<string> = new Set(deviceTrees);

// oxlint-disable-next-line no-control-regex -- these are exactly the characters that we look for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The principal whose topic this is: who may publish there is what the cluster's rules say, which
 * `nadi broker export-acl` writes. `null`: no device can have published there, or the embedded
 * broker would have closed the connection over such a topic.
 *
 * A topic below a device's own that says nothing we know is that device's: it becomes a dead
 * letter, as from the embedded broker.
 */
export function senderOf(topicName: string): string | null {
  if (!isTopicName(topicName) || controlCharacters.test(topicName)) return null;
  const device = parseDeviceTopic(topicName) ?? ownerOf(topicName);
  return device === null ? null : formatPrincipal(device.sppgId, device.deviceId);
}

function ownerOf(topicName: string): { sppgId: string; deviceId: string } | null {
  const [root, sppgId = "", tree = "", deviceId = "", rest] = topicName.split("/", 5);
  if (root !== "sppg" || rest === undefined || !trees.has(tree)) return null;
  return isSppgId(sppgId) && isDeviceId(deviceId) ? { sppgId, deviceId } : null;
}
