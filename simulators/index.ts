export { createSimulateCommands } from "./cli.ts";
export { loadDemoConfig } from "./config.ts";
export { demoCredentialsPath, readDemoCredentials } from "./demo/credentials-file.ts";
export { demoDefaults, describeDemo, isDemoDue, startDemo } from "./demo/demo.ts";
export { provision } from "./demo/provision.ts";
export { createAckLog, identitiesOf } from "./device/ack-log.ts";
export { Fleet, fleetDefaults } from "./device/fleet.ts";
export { SimulatorsError, simulatorsErrors } from "./errors.ts";
export { anonymousDevices, readCredentials } from "./load/credentials.ts";
export { createHistogram } from "./load/histogram.ts";
export { assertOpenFiles, openFilesMax } from "./load/limits.ts";
export { loadDefaults, startLoad } from "./load/load.ts";
export { startLoadProcess } from "./load/process.ts";
export { startRun } from "./play/run.ts";
export { scheduleOf } from "./play/schedule.ts";
export { loadScenario, scenarioNames, scenarioSchema } from "./scenarios/scenario.ts";
export { createKitchenWorld } from "./world/kitchen-world.ts";

export type { SimulateCommandOptions } from "./cli.ts";
export type { DemoConfig } from "./config.ts";
export type { DemoCredentials } from "./demo/credentials-file.ts";
export type { Demo, DemoOptions } from "./demo/demo.ts";
export type { ProvisioningRegistry } from "./demo/provision.ts";
export type { AckedMessage, AckLog } from "./device/ack-log.ts";
export type { DeviceCredentials } from "./device/device-client.ts";
export type { FleetOptions, FleetStats } from "./device/fleet.ts";
export type { SimulatorsErrorCode } from "./errors.ts";
export type { AckedDevice } from "./load/connection.ts";
export type { LatencyHistogram, LatencySummary } from "./load/histogram.ts";
export type { Load, LoadOptions, LoadPace } from "./load/load.ts";
export type { LoadStats } from "./load/meter.ts";
export type { LoadDevice } from "./load/packets.ts";
export type { LoadProcess } from "./load/process.ts";
export type { SeqRange } from "./load/send-window.ts";
export type { Run, RunOptions, RunStats } from "./play/run.ts";
export type { Schedule } from "./play/schedule.ts";
export type { ExpectedAlert, Scenario, ScenarioChange } from "./scenarios/scenario.ts";
export type { KitchenWorld, KitchenWorldOptions } from "./world/kitchen-world.ts";
export type {
  LinkEvent,
  Measured,
  PublishEvent,
  SimulatedDevice,
  WorldEvent,
} from "./world/model.ts";
