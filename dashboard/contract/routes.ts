import {
  everybody,
  operators,
  people,
  type PersonRole,
  resolvers,
  responders,
  responsible,
} from "./roles.ts";

export interface RouteFacts {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** As OpenAPI writes it. One with `{sppgId}` answers 404 for another's kitchen. */
  path: string;
  /** `anyone`: also without a session. */
  who: "anyone" | readonly PersonRole[];
  summary: string;
}

const kitchen = "/api/kitchens/{sppgId}";

/**
 * Every route of the API, and who may call it: the one place that decides. A change of rights is a
 * change of this table.
 */
export const routes = {
  signIn: {
    method: "POST",
    path: "/api/session",
    who: "anyone",
    summary: "Sign in: the answer sets the session cookie",
  },
  readSession: {
    method: "GET",
    path: "/api/session",
    who: everybody,
    summary: "Who is signed in, and for which kitchens",
  },
  signOut: {
    method: "DELETE",
    path: "/api/session",
    who: everybody,
    summary: "Sign out: the session ends everywhere at once",
  },
  listSessions: {
    method: "GET",
    path: "/api/sessions",
    who: people,
    summary: "The person's own sessions",
  },
  revokeSession: {
    method: "DELETE",
    path: "/api/sessions/{sessionId}",
    who: people,
    summary: "End one of the person's own sessions",
  },
  openPairing: {
    method: "POST",
    path: "/api/pairings",
    who: "anyone",
    summary: "A wall screen asks for a code, which a person enters within 10 minutes",
  },
  collectPairing: {
    method: "POST",
    path: "/api/pairings/collect",
    who: "anyone",
    summary: "The wall screen's session, once its code was entered: sets the session cookie",
  },
  pairScreen: {
    method: "POST",
    path: `${kitchen}/screens`,
    who: responsible,
    summary: "Enter the code of a wall screen: it shows this kitchen from now on",
  },
  listScreens: {
    method: "GET",
    path: `${kitchen}/screens`,
    who: responsible,
    summary: "The wall screens of the kitchen",
  },
  revokeScreen: {
    method: "DELETE",
    path: `${kitchen}/screens/{sessionId}`,
    who: responsible,
    summary: "Disconnect a wall screen: it shows nothing any more within a second",
  },
  changePassword: {
    method: "POST",
    path: "/api/session/password",
    who: people,
    summary: "The person's own new password; their other sessions end",
  },
  listEverySession: {
    method: "GET",
    path: "/api/sessions/everybody",
    who: operators,
    summary: "Everybody's sessions, or those of some people, newest first",
  },
  listPeople: {
    method: "GET",
    path: "/api/people",
    who: responsible,
    summary: "Who may sign in, by e-mail address; a head sees who shares a kitchen",
  },
  addPerson: {
    method: "POST",
    path: "/api/people",
    who: responsible,
    summary: "Add a person: the answer shows the password once. Takes an Idempotency-Key",
  },
  readPerson: {
    method: "GET",
    path: "/api/people/{email}",
    who: responsible,
    summary: "One person, with their version",
  },
  putPerson: {
    method: "PUT",
    path: "/api/people/{email}",
    who: responsible,
    summary: "Another role, other kitchens, disabled or enabled: the person's sessions end",
  },
  resetPersonPassword: {
    method: "POST",
    path: "/api/people/{email}/password",
    who: responsible,
    summary: "A new password, shown once; the person's sessions end. Takes an Idempotency-Key",
  },
  revokePersonSession: {
    method: "DELETE",
    path: "/api/people/{email}/sessions/{sessionId}",
    who: operators,
    summary: "End a session of anybody: its sockets close within a second",
  },
  readAudit: {
    method: "GET",
    path: "/api/audit",
    who: responsible,
    summary: "The audit log, newest first; a head reads what is about their own kitchens",
  },
  listKitchens: {
    method: "GET",
    path: "/api/kitchens",
    who: everybody,
    summary: "The kitchens that the person may see",
  },
  addKitchen: {
    method: "POST",
    path: "/api/kitchens",
    who: operators,
    summary: "Add a kitchen. Takes an Idempotency-Key",
  },
  readKitchen: {
    method: "GET",
    path: kitchen,
    who: everybody,
    summary: "One kitchen, with its version",
  },
  putKitchen: {
    method: "PUT",
    path: kitchen,
    who: operators,
    summary: "Another name or time zone",
  },
  readKitchenAudit: {
    method: "GET",
    path: `${kitchen}/audit`,
    who: responsible,
    summary: "What the audit log has of the kitchen, newest first",
  },
  readSnapshot: {
    method: "GET",
    path: `${kitchen}/snapshot`,
    who: everybody,
    summary: "The kitchen as it is now: devices, latest values, open alerts",
  },
  listDevices: {
    method: "GET",
    path: `${kitchen}/devices`,
    who: everybody,
    summary: "The kitchen's devices, without their secrets",
  },
  addDevice: {
    method: "POST",
    path: `${kitchen}/devices`,
    who: responsible,
    summary: "Add a device: the answer holds its login, once. Takes an Idempotency-Key",
  },
  editDevice: {
    method: "PUT",
    path: `${kitchen}/devices/{deviceId}`,
    who: responsible,
    summary: "Change a device's name, place or interval; what is left out stays",
  },
  rotateDevice: {
    method: "POST",
    path: `${kitchen}/devices/{deviceId}/rotate`,
    who: responsible,
    summary:
      "A new secret, once in the answer; the old one lives on or ends. Takes an Idempotency-Key",
  },
  revokeDevice: {
    method: "POST",
    path: `${kitchen}/devices/{deviceId}/revoke`,
    who: responsible,
    summary: "End the device's login: its connections close within a second",
  },
  enableDevice: {
    method: "POST",
    path: `${kitchen}/devices/{deviceId}/enable`,
    who: responsible,
    summary: "Admit a revoked device again, with a new secret. Takes an Idempotency-Key",
  },
  sendCommand: {
    method: "POST",
    path: `${kitchen}/devices/{deviceId}/commands`,
    who: responsible,
    summary: "Send a command, which nobody gets after its end. Takes an Idempotency-Key",
  },
  readDeviceStatus: {
    method: "GET",
    path: `${kitchen}/device-status`,
    who: people,
    summary: "How each device does: last heard, connected, battery, messages, dead letters",
  },
  readReadings: {
    method: "GET",
    path: `${kitchen}/readings`,
    who: everybody,
    summary: "One field of one sensor over time, in buckets",
  },
  exportReadings: {
    method: "GET",
    path: `${kitchen}/readings.csv`,
    who: people,
    summary: "The same as a file for spreadsheets: raw rows, or buckets with `points`",
  },
  readTrack: {
    method: "GET",
    path: `${kitchen}/track`,
    who: everybody,
    summary: "The fixes of a tracker, oldest first",
  },
  readMap: {
    method: "GET",
    path: "/api/map",
    who: everybody,
    summary: "What the map is drawn on: the bundled one, or what the operator has configured",
  },
  listRules: {
    method: "GET",
    path: `${kitchen}/rules`,
    who: everybody,
    summary: "The rules in force, each with its limit and the limit's source",
  },
  putRule: {
    method: "PUT",
    path: `${kitchen}/rules/{key}`,
    who: responsible,
    summary: "A new version of a rule",
  },
  listRuleVersions: {
    method: "GET",
    path: `${kitchen}/rules/{key}/versions`,
    who: responsible,
    summary: "The versions of a rule, newest first, with who changed it and when",
  },
  previewRule: {
    method: "POST",
    path: `${kitchen}/rules/preview`,
    who: responsible,
    summary: "How often a rule would have fired in the last 24 hours; nothing is changed",
  },
  listAlerts: {
    method: "GET",
    path: `${kitchen}/alerts`,
    who: everybody,
    summary: "Alerts, newest first",
  },
  readAlert: {
    method: "GET",
    path: `${kitchen}/alerts/{alertId}`,
    who: everybody,
    summary: "One alert",
  },
  acknowledgeAlert: {
    method: "POST",
    path: `${kitchen}/alerts/{alertId}/acknowledge`,
    who: responders,
    summary: "Say that somebody has seen it and acts. Takes an Idempotency-Key",
  },
  resolveAlert: {
    method: "POST",
    path: `${kitchen}/alerts/{alertId}/resolve`,
    who: resolvers,
    summary: "End it, with what was done about it. Takes an Idempotency-Key",
  },
  listDeadLetters: {
    method: "GET",
    path: `${kitchen}/dead-letters`,
    who: responsible,
    summary: "What devices sent and nobody could read, with the reason",
  },
} as const satisfies Record<string, RouteFacts>;

export type RouteName = keyof typeof routes;
export const routeNames = Object.keys(routes) as readonly RouteName[];

/** Whether a role may call a route, in a kitchen that its person may see; `null`: not signed in. */
export function mayCall(role: PersonRole | null, route: RouteName): boolean {
  const { who }: RouteFacts = routes[route];
  return who === "anyone" || (role !== null && who.includes(role));
}
