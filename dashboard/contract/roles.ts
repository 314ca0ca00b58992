import { userRoles } from "../../devices/browser.ts";

/** Whom a session belongs to: a person's role, or a wall screen that was paired by code. */
export const personRoles = [...userRoles, "kiosk"] as const;
export type PersonRole = (typeof personRoles)[number];

/** Every role, for what whoever may see a kitchen may see of it. */
export const everybody: readonly PersonRole[] = personRoles;

/** A wall screen shows; what leaves the kitchen as a file is a person's decision. */
export const people: readonly PersonRole[] = personRoles.filter((role) => role !== "kiosk");

/** Who answers for the food: its limits, and whether the devices that watch it work. */
export const responsible = ["operator", "head"] as const satisfies readonly PersonRole[];

/** Whose work is Nadi itself: kitchens, and everybody's sessions. */
export const operators = ["operator"] as const satisfies readonly PersonRole[];

/**
 * Roles that a head gives and takes in their own kitchens: all below their own. Who is head or
 * operator is an operator's decision.
 */
export const rolesBelowHead = [
  "nutritionist",
  "accountant",
  "cook",
  "driver",
  "viewer",
] as const satisfies readonly PersonRole[];

/** Who stands where the alert is, or answers for it. */
export const responders = [
  "operator",
  "head",
  "nutritionist",
  "cook",
  "driver",
] as const satisfies readonly PersonRole[];

/** Who may say that the food is safe again, or what became of it. */
export const resolvers = [
  "operator",
  "head",
  "nutritionist",
] as const satisfies readonly PersonRole[];
