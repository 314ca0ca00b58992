import { parseEmail, parseNewUser } from "../registry/input.ts";
import { userRoles } from "../registry/model.ts";
import type { IssuedPassword } from "../registry/registry.ts";
import type { Command, CommandContext } from "./command.ts";
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

export function createUserCommands(options: RegistryCommandOptions): Command[] {
  return [
    userAdd(options),
    userList(options),
    userReset(options),
    userSwitch(options, "disable"),
    userSwitch(options, "enable"),
  ];
}

function userAdd(options: RegistryCommandOptions): Command {
  return {
    path: ["user", "add"],
    summary: "Add a person; prints the password once",
    usage: "nadi user add <email> --role <role> [--kitchens <sppgId,sppgId>]",
    details: `
  --role        ${userRoles.join(", ")}
  --kitchens    the kitchens that the person sees, separated by commas; an operator sees all

example: nadi user add head@example.org --role head --kitchens sppg-jakarta-001`,
    options: { role: { type: "string" }, kitchens: { type: "string" } },
    positionals: { min: 1, max: 1 },
    async run(args, context) {
      const kitchens = (textOption(args, "kitchens") ?? "").split(",").map((id) => id.trim());
      const user = parseNewUser({
        email: positional(args, 0),
        role: requiredOption(args, "role"),
        kitchens: kitchens.filter((id) => id !== ""),
      });
      const issued = await withRegistry(options, context, ({ registry }) =>
        registry.addUser(user, commandLineActor),
      );
      return answerPassword(context, issued);
    },
  };
}

function userReset(options: RegistryCommandOptions): Command {
  return {
    path: ["user", "reset"],
    summary: "Give a person a new password; the old one ends now",
    usage: "nadi user reset <email>",
    details: "example: nadi user reset head@example.org",
    options: {},
    positionals: { min: 1, max: 1 },
    async run(args, context) {
      const email = parseEmail(positional(args, 0));
      const issued = await withStoredRegistry(options, context, ({ registry }) =>
        registry.resetUserPassword(email, commandLineActor),
      );
      return answerPassword(context, issued);
    },
  };
}

/** A person who left: no sign-in any more, and every session and socket ends within a second. */
function userSwitch(options: RegistryCommandOptions, verb: "disable" | "enable"): Command {
  const enabled = verb === "enable";
  return {
    path: ["user", verb],
    summary: enabled
      ? "Let a disabled person sign in again, with the password they had"
      : "End a person's sessions within a second; they sign in no more",
    usage: `nadi user ${verb} <email>`,
    details: `example: nadi user ${verb} head@example.org`,
    options: {},
    positionals: { min: 1, max: 1 },
    async run(args, context) {
      const email = parseEmail(positional(args, 0));
      const user = await withStoredRegistry(options, context, ({ registry }) =>
        registry.updateUser({ email, enabled }, commandLineActor),
      );
      const state = enabled ? "may sign in again" : "is disabled: every session has ended";
      return answer(context, { email, enabled: user.enabled }, `${email} ${state}.\n`);
    },
  };
}

function userList(options: RegistryCommandOptions): Command {
  return {
    path: ["user", "list"],
    summary: "List the people who may sign in",
    usage: "nadi user list",
    details: "example: nadi user list --json",
    options: {},
    positionals: { min: 0, max: 0 },
    async run(_args, context) {
      const users = await withStoredRegistry(options, context, ({ registry }) =>
        registry.listUsers(),
      );
      const rows = users.map(({ email, role, kitchens, enabled }) => [
        email,
        role,
        role === "operator" ? "all" : kitchens.join(","),
        enabled ? "enabled" : "disabled",
      ]);
      const empty = 'There is nobody yet: add a person with "nadi user add".';
      const text = formatTable(["E-MAIL", "ROLE", "KITCHENS", "STATE"], rows, empty);
      return answer(context, { users }, text);
    },
  };
}

function answerPassword(context: CommandContext, issued: IssuedPassword): number {
  const { user, password } = issued;
  const text = [
    `e-mail    ${user.email}`,
    `role      ${user.role}`,
    `password  ${password}`,
    "",
    "The password is shown only now. Sign in with it and hand it over in person.",
    "",
  ].join("\n");
  return answer(context, { email: user.email, role: user.role, password }, text);
}
