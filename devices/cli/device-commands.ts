import { formatPrincipal } from "../ids.ts";
import { rotationOverlapSeconds } from "../registry/credentials.ts";
import { kindFacts } from "../registry/kinds.ts";
import { parseDeviceIds, parseNewDevice, parseSppgId } from "../registry/input.ts";
import { codecNames, deviceKinds, devicePlaces } from "../registry/model.ts";
import type { Device } from "../registry/model.ts";
import type { NewDevice } from "../registry/registry.ts";
import type { Command, ParsedArguments } from "./command.ts";
import { answerSecret } from "./device-secret.ts";
import { UsageError } from "./errors.ts";
import {
  answer,
  commandLineActor,
  positional,
  requiredOption,
  textOption,
  withStoredRegistry,
  type RegistryCommandOptions,
} from "./registry-session.ts";
import { formatTable } from "./text.ts";

export function createDeviceCommands(options: RegistryCommandOptions): Command[] {
  return [
    deviceAdd(options),
    deviceList(options),
    deviceRevoke(options),
    deviceEnable(options),
    deviceRotate(options),
  ];
}

function deviceAdd(options: RegistryCommandOptions): Command {
  const intervals = deviceKinds.map((kind) => `${kind} ${kindFacts[kind].expectedIntervalSeconds}`);
  return {
    path: ["device", "add"],
    summary: "Add a device; prints its secret once",
    usage: "nadi device add <sppgId> <deviceId> --kind <kind> [options]",
    details: `
  <deviceId>            1 to 64 of A-Z, a-z, 0-9, _ and -; unique in its kitchen
  --kind                ${deviceKinds.join(", ")}
  --name                what people call it, e.g. "Freezer daging"
  --place               where it stands: ${devicePlaces.join(", ")}
                        (default: a tracker vehicle, a scale stockScale, others none)
  --codec               its maker's format, beside Nadi's own: ${codecNames.join(", ")}
  --gateway             device id of the gateway that publishes for it
  --interval-seconds    how often a reading is due
                        (default: ${intervals.slice(0, 3).join(", ")},
                        ${intervals.slice(3).join(", ")})

example: nadi device add sppg-jakarta-001 probe-1 --kind temperature-probe --place coldStore`,
    options: {
      kind: { type: "string" },
      name: { type: "string" },
      place: { type: "string" },
      codec: { type: "string" },
      gateway: { type: "string" },
      "interval-seconds": { type: "string" },
    },
    positionals: { min: 2, max: 2 },
    async run(args, context) {
      const device = readNewDevice(args);
      return withStoredRegistry(options, context, async ({ registry, config }) => {
        const { secret } = await registry.addDevice(device, commandLineActor);
        return answerSecret(context, config, secret);
      });
    },
  };
}

function readNewDevice(args: ParsedArguments): NewDevice {
  const interval = textOption(args, "interval-seconds");
  if (interval !== undefined && !/^\d{1,9}$/.test(interval)) {
    throw new UsageError(`--interval-seconds must be a whole number, and is "${interval}".`);
  }
  return parseNewDevice({
    sppgId: positional(args, 0),
    deviceId: positional(args, 1),
    kind: requiredOption(args, "kind"),
    name: textOption(args, "name"),
    place: textOption(args, "place"),
    codec: textOption(args, "codec"),
    gatewayId: textOption(args, "gateway"),
    expectedIntervalSeconds: interval === undefined ? undefined : Number(interval),
  });
}

function deviceList(options: RegistryCommandOptions): Command {
  return {
    path: ["device", "list"],
    summary: "List a kitchen's devices",
    usage: "nadi device list <sppgId>",
    details: "example: nadi device list sppg-jakarta-001 --json",
    options: {},
    positionals: { min: 1, max: 1 },
    async run(args, context) {
      const sppgId = parseSppgId(positional(args, 0));
      const devices = await withStoredRegistry(options, context, ({ registry }) =>
        registry.listDevices(sppgId),
      );
      const heading = ["DEVICE", "KIND", "PLACE", "CODEC", "GATEWAY", "EVERY", "STATE"];
      const empty = `Kitchen ${sppgId} has no device yet: add one with "nadi device add".`;
      return answer(context, { devices }, formatTable(heading, devices.map(toCells), empty));
    },
  };
}

function toCells(device: Device): string[] {
  return [
    device.deviceId,
    device.kind,
    device.place ?? "-",
    device.codec ?? "-",
    device.gatewayId ?? "-",
    `${device.expectedIntervalSeconds} s`,
    device.enabled ? "enabled" : "revoked",
  ];
}

function deviceRevoke(options: RegistryCommandOptions): Command {
  return {
    path: ["device", "revoke"],
    summary: "End a device's login within a second",
    usage: "nadi device revoke <sppgId> <deviceId>",
    details: "example: nadi device revoke sppg-jakarta-001 probe-1",
    options: {},
    positionals: { min: 2, max: 2 },
    async run(args, context) {
      const ids = readIds(args);
      await withStoredRegistry(options, context, ({ registry }) =>
        registry.revokeDevice(ids, commandLineActor),
      );
      const text = `Device ${formatPrincipal(ids.sppgId, ids.deviceId)} revoked.\n`;
      return answer(context, { ...ids, enabled: false }, text);
    },
  };
}

function deviceEnable(options: RegistryCommandOptions): Command {
  return {
    path: ["device", "enable"],
    summary: "Admit a revoked device again; prints its new secret once",
    usage: "nadi device enable <sppgId> <deviceId>",
    details: "example: nadi device enable sppg-jakarta-001 probe-1",
    options: {},
    positionals: { min: 2, max: 2 },
    run: (args, context) =>
      withStoredRegistry(options, context, async ({ registry, config }) => {
        const secret = await registry.enableDevice(readIds(args), commandLineActor);
        return answerSecret(context, config, secret);
      }),
  };
}

function deviceRotate(options: RegistryCommandOptions): Command {
  return {
    path: ["device", "rotate"],
    summary: "Give a device a new secret; prints it once",
    usage: "nadi device rotate <sppgId> <deviceId> [--now]",
    details: `
  --now    the old secret ends now (default: in ${rotationOverlapSeconds / 60} minutes)

example: nadi device rotate sppg-jakarta-001 probe-1`,
    options: { now: { type: "boolean" } },
    positionals: { min: 2, max: 2 },
    run: (args, context) =>
      withStoredRegistry(options, context, async ({ registry, config }) => {
        const overlapSeconds = args.options["now"] === true ? 0 : rotationOverlapSeconds;
        const rotation = { ...readIds(args), overlapSeconds };
        const secret = await registry.rotateDevice(rotation, commandLineActor);
        return answerSecret(context, config, secret);
      }),
  };
}

function readIds(args: ParsedArguments): { sppgId: string; deviceId: string } {
  return parseDeviceIds({ sppgId: positional(args, 0), deviceId: positional(args, 1) });
}
