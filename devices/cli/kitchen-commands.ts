import { parseNewKitchen } from "../registry/input.ts";
import { kitchenTimeZones } from "../registry/model.ts";
import type { Command, ParsedArguments } from "./command.ts";
import { UsageError } from "./errors.ts";
import {
  answer,
  commandLineActor,
  positional,
  requiredOption,
  textOption,
  withRegistry,
  withStoredRegistry,
  type RegistryCommandOptions,
} from "./registry-session.ts";
import { formatTable } from "./text.ts";

export function createKitchenCommands(options: RegistryCommandOptions): Command[] {
  return [kitchenAdd(options), kitchenList(options)];
}

function kitchenAdd(options: RegistryCommandOptions): Command {
  return {
    path: ["kitchen", "add"],
    summary: "Add a kitchen (SPPG)",
    usage: "nadi kitchen add <sppgId> --name <name> --timezone <zone> [--lat <deg> --lon <deg>]",
    details: `
  <sppgId>      3 to 64 of a-z, 0-9 and -
  --name        as people call it
  --timezone    ${kitchenTimeZones.join(", ")}
  --lat, --lon  where it stands, for the map: degrees, south and west negative

example: nadi kitchen add sppg-jakarta-001 --name 'SPPG Jakarta 001' --timezone Asia/Jakarta \\
  --lat=-6.1966 --lon=106.8362`,
    options: {
      name: { type: "string" },
      timezone: { type: "string" },
      lat: { type: "string" },
      lon: { type: "string" },
    },
    positionals: { min: 1, max: 1 },
    async run(args, context) {
      const kitchen = parseNewKitchen({
        sppgId: positional(args, 0),
        name: requiredOption(args, "name"),
        timeZone: requiredOption(args, "timezone"),
        latitude: degreesOption(args, "lat"),
        longitude: degreesOption(args, "lon"),
      });
      const added = await withRegistry(options, context, ({ registry }) =>
        registry.addKitchen(kitchen, commandLineActor),
      );
      return answer(context, added, `Kitchen ${added.sppgId} (${added.name}) added.\n`);
    },
  };
}

/** A number written as people do; its range is the registry's to judge. */
function degreesOption(args: ParsedArguments, name: string): number | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  if (/^-?\d{1,3}(\.\d{1,15})?$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be degrees such as -6.1966, and is "${text}".`);
}

function kitchenList(options: RegistryCommandOptions): Command {
  return {
    path: ["kitchen", "list"],
    summary: "List the kitchens",
    usage: "nadi kitchen list",
    details: "example: nadi kitchen list --json",
    options: {},
    positionals: { min: 0, max: 0 },
    async run(_args, context) {
      const kitchens = await withStoredRegistry(options, context, ({ registry }) =>
        registry.listKitchens(),
      );
      const rows = kitchens.map(({ sppgId, name, timeZone }) => [sppgId, name, timeZone]);
      const empty = 'There is no kitchen yet: add one with "nadi kitchen add".';
      const text = formatTable(["KITCHEN", "NAME", "TIME ZONE"], rows, empty);
      return answer(context, { kitchens }, text);
    },
  };
}
