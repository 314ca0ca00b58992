import { expect, test } from "vitest";
import { createDirectory } from "../../../ingest/decode/directory-cache.ts";
import { createChanges } from "../../../ingest/worker/changes.ts";
import { deviceOf, registryOf, sppgId } from "../decode/support.ts";

function createTestChanges() {
  const asked: string[] = [];
  const devices = [deviceOf({ deviceId: "probe-1" })];
  const directory = createDirectory(registryOf(devices));
  const changes = createChanges(
    {
      async factsBetween(afterSeq, uptoSeq) {
        asked.push(`${afterSeq}-${uptoSeq}`);
        return { rules: [], commands: [], sppgIds: [sppgId], hasRegistryChange: true };
      },
    },
    directory,
  );
  return { asked, devices, directory, changes };
}

test("a change brings what it changed into the directory, once", async () => {
  const { asked, devices, directory, changes } = createTestChanges();
  await changes.load(3);
  devices.push(deviceOf({ deviceId: "probe-2" }));
  await changes.follow(3);
  expect(directory.device(sppgId, "probe-2")).toBeNull();
  await Promise.all([changes.follow(5), changes.follow(4)]);
  expect(directory.device(sppgId, "probe-2")).not.toBeNull();
  expect(asked).toEqual(["3-5"]);
});

test("the monitor's question after the directory's is answered from memory", async () => {
  const { asked, changes } = createTestChanges();
  await changes.load(3);
  await changes.follow(4);
  await changes.factsBetween(3, 4);
  expect(asked).toEqual(["3-4"]);
  await changes.factsBetween(1, 4);
  expect(asked).toEqual(["3-4", "1-4"]);
});

test("a change that was followed before has no facts", async () => {
  const { asked, changes } = createTestChanges();
  expect(await changes.factsBetween(4, 4)).toEqual({ rules: [], commands: [] });
  expect(asked).toEqual([]);
});
