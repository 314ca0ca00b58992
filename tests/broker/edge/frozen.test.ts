import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test, type TestContext } from "vitest";
import { FrozenWatch } from "../../../broker/edge/frozen.ts";

const limits = { frozenMs: 1000, takenBytesMin: 100 };
/** More than the kernel holds for one connection. */
const much = Buffer.alloc(16 * 1024 * 1024);

/** Two ends of a real connection; the reader reads nothing until it is told to. */
async function createPair(t: TestContext): Promise<{ writer: Socket; reader: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const reader = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [writer] = (await once(server, "connection")) as [Socket];
  t.onTestFinished(async () => {
    reader.destroy();
    writer.destroy();
    server.close();
    await once(server, "close");
  });
  return { writer, reader };
}

test("a client that takes nothing for too long is frozen", async (t) => {
  const { writer } = await createPair(t);
  const watch = new FrozenWatch(writer, limits);
  writer.write(much);
  expect(watch.isFrozen(0)).toBe(false);
  expect(watch.isFrozen(1000)).toBe(false);
  expect(watch.isFrozen(1001)).toBe(true);
});

test("a client that owes nothing is not frozen, however long nothing is said", async (t) => {
  const { writer } = await createPair(t);
  const watch = new FrozenWatch(writer, limits);
  expect(watch.isFrozen(0)).toBe(false);
  expect(watch.isFrozen(1_000_000)).toBe(false);
});

test("a client that keeps taking is not frozen, though more always waits for it", async (t) => {
  const { writer, reader } = await createPair(t);
  const watch = new FrozenWatch(writer, limits);
  const first = Promise.withResolvers<void>();
  writer.write(much, () => first.resolve());
  writer.write(much);
  expect(watch.isFrozen(0)).toBe(false);
  reader.resume();
  await first.promise;
  reader.pause();
  expect(writer.writableNeedDrain).toBe(true);
  expect(watch.isFrozen(5000)).toBe(false);
  expect(watch.isFrozen(6001)).toBe(true);
});
