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
