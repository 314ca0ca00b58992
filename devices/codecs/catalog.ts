import type { DeviceTree } from "../topics.ts";
import type { Codec } from "./codec.ts";
import { nativeCodec } from "./native.ts";
import { ownTracksCodec } from "./owntracks.ts";
import { tasmotaCodec } from "./tasmota.ts";
import { traccarCodec } from "./traccar.ts";

/** To add a codec: its name in `registry/model.ts`, a file here, a line here, vectors in tests. */
const codecs: Readonly<Record<DeviceTree, Codec>> = {
  telemetry: nativeCodec,
  tasmota: tasmotaCodec,
  owntracks: ownTracksCodec,
  traccar: traccarCodec,
};

/** The codec of the tree that a device has published in. */
export function codecFor(tree: DeviceTree): Codec {
  return codecs[tree];
}
