import { expect, test } from "vitest";
import { StopStack } from "../../../devices/cli/stop-stack.ts";

test("what was started last is stopped first, each once", async () => {
  const stack = new StopStack();
  const stopped: string[] = [];
  for (const name of ["records", "journal", "broker"]) stack.push(() => void stopped.push(name));
  await stack.unwind();
  await stack.unwind();
  expect(stopped).toEqual(["broker", "journal", "records"]);
});

test("one that fails keeps none of the others from stopping, and is told at the end", async () => {
  const stack = new StopStack();
  const stopped: string[] = [];
  stack.push(() => void stopped.push("journal"));
  stack.push(() => Promise.reject(new Error("port is gone")));
  await expect(stack.unwind()).rejects.toThrow("not everything could be stopped");
  expect(stopped).toEqual(["journal"]);
});
