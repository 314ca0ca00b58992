import { expect, test } from "vitest";
import { crashPointFrom, noCrashPoint } from "../../../broker/journal/crash-points.ts";

// That a set point kills the process is shown in tests/system/kill.test.ts.
test.for([undefined, ""])("unset (%s), it is the hook that does nothing", (setting) => {
  expect(crashPointFrom(setting)).toBe(noCrashPoint);
});

test.for(["afer-sync", "after-sync:0", "after-sync:x", "after-sync:1.5", "after-sync:-1"])(
  "%s is refused, with an example",
  (setting) => {
    expect(() => crashPointFrom(setting)).toThrow(/after-sync:3/);
  },
);

test("other places than the named one are passed without end", () => {
  const hook = crashPointFrom("after-sync:1");
  for (let index = 0; index < 10; index++) hook("after-ack");
  expect(process.exitCode).toBeUndefined();
});
