import type * as z from "zod/mini";
import {
  acknowledgeBody,
  alertParams,
  alertRowSchema,
  alertsQuery,
  alertsSchema,
  resolveBody,
} from "./alerts.ts";
import { auditQuery, auditSchema } from "./audit.ts";
import { deadLettersQuery, deadLettersSchema } from "./dead-letters.ts";
import {
  addDeviceBody,
  deviceParams,
  deviceStatusesSchema,
  editDeviceBody,
  emptyBody,
  issuedDeviceSchema,
  rotateDeviceBody,
  sendCommandBody,
  sentCommandSchema,
} from "./devices.ts";
import { kitchenParams } from "./fields.ts";
import { exportQuery, readingsQuery, readingsSchema, trackQuery, trackSchema } from "./history.ts";
import { addKitchenBody, kitchenVersionSchema, putKitchenBody } from "./kitchen-changes.ts";
import { deviceSchema, devicesSchema, kitchensSchema, snapshotSchema } from "./kitchens.ts";
import {
  addPersonBody,
  changePasswordBody,
  everySessionQuery,
  everySessionSchema,
  issuedPasswordSchema,
  peopleQuery,
  peopleSchema,
  personParams,
  personSchema,
  personSessionParams,
  putPersonBody,
  resetPasswordBody,
} from "./people.ts";
import { mapSchema } from "./map.ts";
import type { RouteName } from "./routes.ts";
import {
  collectedPairingSchema,
  collectPairingBody,
  openPairingBody,
  pairedScreenSchema,
  pairingSchema,
  pairScreenBody,
  screenParams,
  screensSchema,
} from "./screens.ts";
import {
  previewRuleBody,
  putRuleBody,
  ruleParams,
  rulePreviewSchema,
  rulesSchema,
  ruleVersionSchema,
  ruleVersionsSchema,
} from "./rules.ts";
import { ownSessionsSchema, sessionParams, sessionSchema, signInBody } from "./session.ts";

export interface RouteSchemas {
  params?: z.ZodMiniType;
  query?: z.ZodMiniType;
  body?: z.ZodMiniType;
  /** What a 200 holds; `null`: a 204 without a body; `csv`: a file. */
  answer: z.ZodMiniType | null | "csv";
}

/** What goes in and out of each route of `routes`. */
export const routeSchemas = {
  signIn: { body: signInBody, answer: sessionSchema },
  readSession: { answer: sessionSchema },
  signOut: { answer: null },
  listSessions: { answer: ownSessionsSchema },
  revokeSession: { params: sessionParams, answer: null },
  openPairing: { body: openPairingBody, answer: pairingSchema },
  collectPairing: { body: collectPairingBody, answer: collectedPairingSchema },
  pairScreen: { params: kitchenParams, body: pairScreenBody, answer: pairedScreenSchema },
  listScreens: { params: kitchenParams, answer: screensSchema },
  revokeScreen: { params: screenParams, answer: null },
  changePassword: { body: changePasswordBody, answer: null },
  listEverySession: { query: everySessionQuery, answer: everySessionSchema },
  listPeople: { query: peopleQuery, answer: peopleSchema },
  addPerson: { body: addPersonBody, answer: issuedPasswordSchema },
  readPerson: { params: personParams, answer: personSchema },
  putPerson: { params: personParams, body: putPersonBody, answer: personSchema },
  resetPersonPassword: {
    params: personParams,
    body: resetPasswordBody,
    answer: issuedPasswordSchema,
  },
  revokePersonSession: { params: personSessionParams, answer: null },
  readAudit: { query: auditQuery, answer: auditSchema },
  listKitchens: { answer: kitchensSchema },
  addKitchen: { body: addKitchenBody, answer: kitchenVersionSchema },
  readKitchen: { params: kitchenParams, answer: kitchenVersionSchema },
  putKitchen: { params: kitchenParams, body: putKitchenBody, answer: kitchenVersionSchema },
  readKitchenAudit: { params: kitchenParams, query: auditQuery, answer: auditSchema },
  readSnapshot: { params: kitchenParams, answer: snapshotSchema },
  listDevices: { params: kitchenParams, answer: devicesSchema },
  addDevice: { params: kitchenParams, body: addDeviceBody, answer: issuedDeviceSchema },
  editDevice: { params: deviceParams, body: editDeviceBody, answer: deviceSchema },
  rotateDevice: { params: deviceParams, body: rotateDeviceBody, answer: issuedDeviceSchema },
  revokeDevice: { params: deviceParams, body: emptyBody, answer: deviceSchema },
  enableDevice: { params: deviceParams, body: emptyBody, answer: issuedDeviceSchema },
  sendCommand: { params: deviceParams, body: sendCommandBody, answer: sentCommandSchema },
  readDeviceStatus: { params: kitchenParams, answer: deviceStatusesSchema },
  readReadings: { params: kitchenParams, query: readingsQuery, answer: readingsSchema },
  exportReadings: { params: kitchenParams, query: exportQuery, answer: "csv" },
  readTrack: { params: kitchenParams, query: trackQuery, answer: trackSchema },
  readMap: { answer: mapSchema },
  listRules: { params: kitchenParams, answer: rulesSchema },
  putRule: { params: ruleParams, body: putRuleBody, answer: ruleVersionSchema },
  listRuleVersions: { params: ruleParams, answer: ruleVersionsSchema },
  previewRule: { params: kitchenParams, body: previewRuleBody, answer: rulePreviewSchema },
  listAlerts: { params: kitchenParams, query: alertsQuery, answer: alertsSchema },
  readAlert: { params: alertParams, answer: alertRowSchema },
  acknowledgeAlert: { params: alertParams, body: acknowledgeBody, answer: alertRowSchema },
  resolveAlert: { params: alertParams, body: resolveBody, answer: alertRowSchema },
  listDeadLetters: {
    params: kitchenParams,
    query: deadLettersQuery,
    answer: deadLettersSchema,
  },
} as const satisfies Record<RouteName, RouteSchemas>;

type Part<
  Name extends RouteName,
  Key extends "params" | "query" | "body",
> = (typeof routeSchemas)[Name] extends { readonly [K in Key]: infer Schema extends z.ZodMiniType }
  ? z.output<Schema>
  : undefined;

/** What a handler of the route is given. */
export interface RouteInput<Name extends RouteName> {
  params: Part<Name, "params">;
  query: Part<Name, "query">;
  body: Part<Name, "body">;
}

/** What the route answers; `undefined` for a 204 and for a file. */
export type RouteAnswer<Name extends RouteName> = (typeof routeSchemas)[Name] extends {
  readonly answer: infer Schema extends z.ZodMiniType;
}
  ? z.input<Schema>
  : undefined;
