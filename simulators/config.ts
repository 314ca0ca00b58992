import * as z from "zod";
import { type Environment, parseEnvironment } from "../devices/index.ts";

/** Every variable of the simulators. */
export const demoConfigShape = {
  NADI_DEMO: z
    .enum(["on", "off"])
    .optional()
    .describe(
      "Simulated demo kitchen, if there is no other; unset: `on` for npm start, `off` for serve",
    ),
};

export interface DemoConfig {
  /** `null`: as the command says. */
  readonly isWanted: boolean | null;
}

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadDemoConfig(env: Environment): DemoConfig {
  const { NADI_DEMO: wanted } = parseEnvironment(z.object(demoConfigShape), env);
  return Object.freeze({ isWanted: wanted === undefined ? null : wanted === "on" });
}
