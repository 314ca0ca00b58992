import { expect, test } from "vitest";
import * as z from "zod";
import { ConfigError, loadTogether, parseEnvironment } from "../../devices/environment.ts";

const port = z.coerce.number("must be a number");

test("the bad keys of all services are reported at once, each once", () => {
  const load = (): void => {
    loadTogether(
      { NADI_A: "x", NADI_B: "y" },
      {
        first: (env) => parseEnvironment(z.object({ NADI_A: port }), env),
        second: (env) => parseEnvironment(z.object({ NADI_A: port, NADI_B: port }), env),
      },
    );
  };
  expect(load).toThrow(new ConfigError(["NADI_A must be a number", "NADI_B must be a number"]));
});

test("good environments give each service its own part", () => {
  const configs = loadTogether<{ first: { NADI_A: number } }>(
    { NADI_A: "7", NADI_B: "" },
    { first: (env) => parseEnvironment(z.object({ NADI_A: port }), env) },
  );
  expect(configs).toEqual({ first: { NADI_A: 7 } });
});

test("an error that is not about keys passes through", () => {
  const broken = (): never => {
    throw new RangeError("a bug");
  };
  expect(() => loadTogether({}, { first: broken })).toThrow(RangeError);
});

test("a schema without words of its own is told in ours, and a value is never said", () => {
  const schema = z.object({
    NADI_A: z.enum(["yes", "no"]),
    NADI_B: z.enum(["a", "b", "c"]),
    NADI_C: z.coerce.number().int().max(65_535),
    NADI_D: z.coerce.number().int(),
    NADI_E: z.string().min(16),
    NADI_F: z.coerce.number().min(1),
    NADI_G: z.string(),
  });
  const secret = "s3cret";
  const env = {
    NADI_A: secret,
    NADI_B: secret,
    NADI_C: "70000",
    NADI_D: "1.5",
    NADI_E: secret,
    NADI_F: secret,
  };
  const load = (): unknown => parseEnvironment(schema, env);
  expect(load).toThrow(
    new ConfigError([
      "NADI_A must be yes or no",
      "NADI_B must be a, b or c",
      "NADI_C must be 65535 or less",
      "NADI_D must be a whole number",
      "NADI_E must have 16 characters or more",
      "NADI_F must be a number",
      "NADI_G must be a string",
    ]),
  );
});
