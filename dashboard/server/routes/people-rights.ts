import type { User, UserRole } from "../../../devices/index.ts";
import { type RouteAnswer, rolesBelowHead } from "../../contract/index.ts";
import { dashboardError } from "../errors.ts";
import type { PersonSession } from "../people/live-session.ts";
import { notFound } from "../problems.ts";

/**
 * Who manages whom. An operator: everybody but themselves. A head: people with a role below their
 * own whose every kitchen is theirs; of others who share a kitchen they see that they are there.
 * Nobody changes themselves, so that nobody locks themselves out by a slip.
 */
export function mayChange(session: PersonSession, user: User): boolean {
  if (user.email === session.userId) return false;
  if (session.kitchens === "all") return true;
  return isBelowHead(user.role) && hasAll(session.kitchens, user.kitchens);
}

/** Whether they know that the person is there at all. */
export function maySee({ kitchens }: PersonSession, user: User): boolean {
  return kitchens === "all" || user.kitchens.some((sppgId) => kitchens.has(sppgId));
}

/** @throws for a role that is not theirs to give (403), or another's kitchen (404, as if none). */
export function checkRights(
  { kitchens: own }: PersonSession,
  given: { role: UserRole; kitchens: readonly string[] },
): void {
  if (own === "all") return;
  if (!isBelowHead(given.role)) throw roleForbidden();
  if (!hasAll(own, given.kitchens)) throw notFound();
}

export function roleForbidden(): Error {
  return dashboardError("DASHBOARD_ROLE_FORBIDDEN", { message: "The role does not allow it." });
}

/** What the caller may know of a person: of their kitchens only those that the caller sees. */
export function describePerson(session: PersonSession, user: User): RouteAnswer<"readPerson"> {
  const { email, role, kitchens, enabled, createdAtMs, version } = user;
  const { kitchens: own } = session;
  const seen = own === "all" ? [...kitchens] : kitchens.filter((sppgId) => own.has(sppgId));
  return {
    email,
    role,
    kitchens: role === "operator" ? "all" : seen,
    isEnabled: enabled,
    mayChange: mayChange(session, user),
    createdAtMs,
    version,
  };
}

function isBelowHead(role: UserRole): boolean {
  return rolesBelowHead.some((below) => below === role);
}

function hasAll(own: ReadonlySet<string>, kitchens: readonly string[]): boolean {
  return kitchens.every((sppgId) => own.has(sppgId));
}
