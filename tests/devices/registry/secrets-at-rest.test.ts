import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTestRegistry, kitchen, probe } from "../records/factories.ts";

const ids = { sppgId: kitchen.sppgId, deviceId: probe.deviceId };

test("no secret and no password ever stands in the files in clear", async (t) => {
  const { registry, records, dataDir } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  const added = await registry.addDevice(probe, "cli");
  const rotated = await registry.rotateDevice({ ...ids, overlapSeconds: 600 }, "cli");
  const user = await registry.addUser({ email: "a@example.org", role: "operator" }, "cli");
  const clear = [added.secret.secret, rotated.secret, user.password];
  const filesHold = (text: string): boolean =>
    readdirSync(dataDir).some((name) => readFileSync(join(dataDir, name)).includes(text));
  // Closed first: reading a file of an open SQLite handle in its own process drops its locks.
  await records.close();
  expect(filesHold("a@example.org")).toBe(true);
  expect(clear.filter(filesHold)).toEqual([]);
});
