import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { pino } from "pino";
import { expect, test } from "vitest";
import { loadClusterConfig } from "../../../broker/cluster/config.ts";
import { loadBrokerConfig } from "../../../broker/config.ts";
import { loadJournalConfig } from "../../../broker/journal/config.ts";
import { openServedJournal } from "../../../broker/open-journal.ts";
import { noLogins } from "../../../broker/ports.ts";
import { serveBroker } from "../../../broker/serve-broker.ts";
import { StopStack } from "../../../devices/index.ts";
import { createDataDir } from "../../devices/records/factories.ts";

test("lines of the cluster name one component", async (t) => {
  // Whoever connects is cut off, which is told at once.
  const cluster = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  t.onTestFinished(() => void cluster.close());
  await once(cluster, "listening");
  const { port } = cluster.address() as AddressInfo;
  const told = Promise.withResolvers<string>();
  const write = (line: string): void => {
    if (line.includes('"component":"cluster"')) told.resolve(line);
  };
  const stack = new StopStack();
  t.onTestFinished(() => stack.unwind());
  const parts = { log: pino({}, { write }), stack, crashPointSetting: undefined };
  const dataDir = createDataDir(t);
  const config = loadJournalConfig({});
  const env = { NADI_MQTT_URL: `mqtt://127.0.0.1:${port}` };
  const options = {
    config: loadBrokerConfig(env),
    cluster: loadClusterConfig(env),
    journal: await openServedJournal({ ...parts, config, parentDir: dataDir }),
    dataDir,
    logins: noLogins,
    audit: { write: () => undefined },
    clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
    peers: null,
  };
  await serveBroker(options, parts);
  expect((await told.promise).match(/"component":/g)).toHaveLength(1);
});
