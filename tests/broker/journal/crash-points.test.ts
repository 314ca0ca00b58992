import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { crashPointFrom, crashPoints, noCrashPoint } from "../../../broker/journal/crash-points.ts";

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

test("every listed place may be named, and none is listed twice", () => {
  for (const name of crashPoints) expect(crashPointFrom(`${name}:3`)).not.toBe(noCrashPoint);
  expect(new Set(crashPoints).size).toBe(crashPoints.length);
});

test("a place that a worker thread passes ends the whole process", () => {
  const source = new URL("../../../broker/journal/crash-points.ts", import.meta.url).href;
  const inWorker = `import(${JSON.stringify(source)}).then(({ crashPointFrom }) => {
    const crashPoint = crashPointFrom("store-written:2");
    crashPoint("store-written");
    crashPoint("store-written");
  });`;
  const program = `new (require("node:worker_threads").Worker)(${JSON.stringify(inWorker)}, {
    eval: true,
  }).on("exit", () => process.exit(0));`;
  const { signal } = spawnSync(process.execPath, ["-e", program]);
  expect(signal).toBe("SIGKILL");
});
