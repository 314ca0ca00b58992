import { expect, test } from "vitest";
import { startLoad } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { signIn, startNadi, tempFolder } from "../support/nadi-process.ts";
import { JournalContents, segmentFiles } from "./journal-contents.ts";

const openFilesMax = 256;
const devicesCount = 60;
const crowdCount = 400;

test("out of open files, new clients are refused and nothing acknowledged is lost", async (t) => {
  const dataDir = tempFolder(t);
  const known = await provision(dataDir, devicesCount + crowdCount);
  const [devices, crowd] = [known.slice(0, devicesCount), known.slice(devicesCount)];
  const nadi = await startNadi(t, {
    dataDir,
    wrap: ["bash", "-c", `ulimit -n ${openFilesMax}; exec "$@"`, "bash"],
    // A new segment about each second: the journal itself needs files all the time.
    env: { NADI_MAX_JOURNAL_SEGMENT_BYTES: "262144" },
  });
  const load = await startLoad({
    port: nadi.mqttPort,
    devices,
    pace: { kind: "rate", perSecond: 2_000 },
    reconnect: null,
  });
  t.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });

  // Devices that sign in and stay: they hold every file that the process may open.
  const outcomes = await Promise.all(
    crowd.map((device) =>
      signIn(t, { port: nadi.mqttPort, device }).then(
        () => "signed in",
        () => "refused",
      ),
    ),
  );
  const signedIn = outcomes.filter((outcome) => outcome === "signed in").length;
  expect(signedIn).toBeGreaterThan(50);
  expect(signedIn).toBeLessThan(openFilesMax - devicesCount);

  const segments = segmentFiles(dataDir).length;
  const ackedBefore = load.stats().acked;
  await expect
    .poll(() => load.stats().acked, { timeout: 10_000 })
    .toBeGreaterThan(ackedBefore + 4_000);
  expect(segmentFiles(dataDir).length).toBeGreaterThan(segments);
  expect((await fetch(`${nadi.httpUrl}/readyz`)).status).toBe(200);
  const stats = await load.stop();
  await nadi.kill();
  expect(stats.disconnects).toBe(0);
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
});
