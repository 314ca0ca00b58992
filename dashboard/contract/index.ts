/** The door of `dashboard/contract`: what the server and the pages agree on. Browsers load it. */
export {
  bucketSchema,
  bucketsDefault,
  fixesDefault,
  fixSchema,
  readingsSchema,
  trackSchema,
} from "./history.ts";
export { type AuditKind, auditKinds, auditSchema } from "./audit.ts";
export { alertRowSchema, alertsSchema } from "./alerts.ts";
export { deadLettersSchema } from "./dead-letters.ts";
export {
  commandPayloadBytesMax,
  deviceNameCharactersMax,
  deviceStatusesSchema,
  intervalSecondsMax,
  issuedDeviceSchema,
  overlapSecondsMax,
  sentCommandSchema,
} from "./devices.ts";
export { devicesSchema, kitchenSchema, kitchensSchema, snapshotSchema } from "./kitchens.ts";
export {
  passwordCharactersAdvised,
  passwordCharactersMin,
  peopleSchema,
  personSchema,
} from "./people.ts";
export { type PageName, pagePaths } from "./pages.ts";
export { type Problem, problemSchema } from "./problem.ts";
export { type PersonRole, personRoles, rolesBelowHead } from "./roles.ts";
export { mayCall, type RouteFacts, type RouteName, routeNames, routes } from "./routes.ts";
export {
  ruleBodySchema,
  rulePreviewSchema,
  rulesSchema,
  ruleVersionSchema,
  ruleVersionsSchema,
} from "./rules.ts";
export {
  type RouteAnswer,
  type RouteInput,
  type RouteSchemas,
  routeSchemas,
} from "./schemas.ts";
export { pairingAlphabet, pairingCodeLength, pairingCodeSchema } from "./screens.ts";
export { ownSessionsSchema, passwordCharactersMax, sessionSchema } from "./session.ts";
