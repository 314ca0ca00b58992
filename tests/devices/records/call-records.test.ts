import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { expect, test, type TestContext } from "vitest";
import { callRecords } from "../../../devices/records/call-records.ts";
import { runningCallsMax } from "../../../devices/records/lanes.ts";
import { recordsPendingCallsMax } from "../../../devices/records/pending-calls.ts";
import { type RecordsWorker, startRecordsWorker } from "../../../devices/records/records-worker.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { Registry } from "../../../devices/registry/registry.ts";
import { registryServiceModule } from "../../../devices/registry/service.ts";
import type { CallerOrder, CallerOutcome } from "./children/caller.ts";
import type { FaultService } from "./children/fault-service.ts";
import { createDataDir, kitchen } from "./factories.ts";

interface Services {
  registry: Registry;
  fault: FaultService;
}

const gone = { code: "RECORDS_WORKER_GONE", status: 503, retryable: true };

async function startRecords(t: TestContext): Promise<RecordsWorker<Services>> {
  const worker = await startRecordsWorker<Services>({
    dataDir: createDataDir(t),
    lock: true,
    migrationModules: [registryMigrationsModule],
    services: {
      registry: registryServiceModule,
      fault: new URL("./children/fault-service.ts", import.meta.url).href,
    },
  });
  t.onTestFinished(() => worker.close());
  return worker;
}

interface Caller {
  call(order: Partial<CallerOrder>): Promise<{ outcomes: CallerOutcome[]; pendingCalls: number }>;
  /** Sends the order; the answer comes by `next`. */
  begin(order: Partial<CallerOrder>): void;
  next(): Promise<{ outcomes: CallerOutcome[]; pendingCalls: number }>;
}

/** A thread beside the main one, with a port of its own. */
async function startCaller(t: TestContext, records: RecordsWorker<Services>): Promise<Caller> {
  const url = new URL("./children/caller.ts", import.meta.url);
  const thread = new Worker(url, { execArgv: [] });
  t.onTestFinished(async () => {
    await thread.terminate();
  });
  const port = records.connect();
  const ready = once(thread, "message");
  thread.postMessage(port, [port]);
  await ready;
  const plain = { service: "fault", method: "echo", args: ["hello"], times: 1 } as const;
  const begin = (order: Partial<CallerOrder>): void => {
    thread.postMessage({ ...plain, ...order }, []);
  };
  const next = async () => {
    const [answer] = await once(thread, "message");
    return answer as Awaited<ReturnType<Caller["next"]>>;
  };
  return {
    begin,
    next,
    call(order) {
      const answer = next();
      begin(order);
      return answer;
    },
  };
}

test("another thread calls the same services and sees what the main thread wrote", async (t) => {
  const records = await startRecords(t);
  const caller = await startCaller(t, records);
  await records.services.registry.addKitchen(kitchen, "cli");
  const { outcomes } = await caller.call({ service: "registry", method: "listKitchens", args: [] });
  expect(outcomes).toMatchObject([{ value: [{ sppgId: kitchen.sppgId }] }]);
});

test("an error keeps its code, status, facts and whether to try again", async (t) => {
  const caller = await startCaller(t, await startRecords(t));
  const failed = await caller.call({ method: "failWithCode" });
  expect(failed.outcomes).toEqual([
    { code: "RECORDS_DISK_FULL", status: 507, retryable: true, facts: { path: "x" } },
  ]);
  const unknown = await caller.call({ method: "constructor" });
  expect(unknown.outcomes).toMatchObject([{ code: "RECORDS_INTERNAL", retryable: false }]);
});

test("each port has a bound of its own: one that is full does not fill the other", async (t) => {
  const records = await startRecords(t);
  const caller = await startCaller(t, records);
  caller.begin({ times: recordsPendingCallsMax + 5 });
  const mine = Array.from({ length: recordsPendingCallsMax }, (_, index) =>
    records.services.fault.echo(index),
  );
  const { outcomes } = await caller.next();
  const refused = outcomes.filter((outcome) => "code" in outcome);
  expect(refused).toHaveLength(5);
  expect(refused[0]).toMatchObject({ code: "RECORDS_BUSY", retryable: true });
  expect(await Promise.all(mine)).toHaveLength(recordsPendingCallsMax);
});

test("a port whose calls hang takes nothing from another port", async (t) => {
  const records = await startRecords(t);
  const caller = await startCaller(t, records);
  caller.begin({ method: "hang", times: recordsPendingCallsMax });
  // More than may run at once, so that the hanging port has calls that wait for their turn.
  const echoes = Array.from({ length: runningCallsMax * 2 }, (_, index) =>
    records.services.fault.echo(index),
  );
  expect(await Promise.all(echoes)).toHaveLength(runningCallsMax * 2);
  await records.services.registry.addKitchen(kitchen, "cli");
});

test("a port that floods with writes delays another port's writes call by call only", async (t) => {
  const records = await startRecords(t);
  const other = callRecords<Services>(records.connect());
  t.onTestFinished(() => other.close());
  const add = ({ registry }: Services, sppgId: string) =>
    registry.addKitchen({ ...kitchen, sppgId }, "cli");
  // While it stands still, both ports fill: the flood first, and ten calls behind all of it.
  const blocking = records.services.fault.block(500);
  const flooding = Array.from({ length: 400 }, (_, index) =>
    add(records.services, `sppg-${index}`),
  );
  const adding = Array.from({ length: 10 }, (_, index) => add(other.services, `mine-${index}`));
  await Promise.all([blocking, ...adding, ...flooding]);
  const changes = await records.services.registry.readChanges(0, 1_000);
  expect(changes).toHaveLength(410);
  const last = changes.findIndex(({ sppgId }) => sppgId === "mine-9");
  // One call of each port a turn makes 20; a few more ran while the ports were still filling.
  expect(last).toBeLessThan(30);
});

test("when the records worker dies, calls on every port reject, and so do later ones", async (t) => {
  const records = await startRecords(t);
  const caller = await startCaller(t, records);
  const near = callRecords<Services>(records.connect());
  const hanging = near.services.fault.hang();
  caller.begin({ method: "hang", times: 3 });
  const far = caller.next();
  await expect(near.services.fault.die()).rejects.toMatchObject(gone);
  await expect(hanging).rejects.toMatchObject(gone);
  expect((await far).outcomes).toMatchObject([gone, gone, gone]);
  expect(await caller.call({})).toMatchObject({ outcomes: [gone], pendingCalls: 0 });
  await expect(near.services.fault.echo(1)).rejects.toMatchObject(gone);
  expect(near.pendingCalls).toBe(0);
});

test("a worker that has ended gives out no port", async (t) => {
  const records = await startRecords(t);
  await records.close();
  expect(() => records.connect()).toThrow(expect.objectContaining(gone));
});

test("closing the worker answers what another port has asked for before", async (t) => {
  const records = await startRecords(t);
  const other = callRecords<Services>(records.connect());
  const adding = other.services.registry.addKitchen(kitchen, "cli");
  // Its answer comes behind the call above on the same thread, so that one has been taken.
  await other.services.fault.echo("taken");
  const many = Array.from({ length: 100 }, () => other.services.registry.listKitchens());
  await other.services.fault.echo("taken too");
  await records.close();
  expect(await adding).toMatchObject({ sppgId: kitchen.sppgId });
  expect(await Promise.all(many)).toHaveLength(100);
  await expect(other.services.fault.echo(1)).rejects.toMatchObject(gone);
});

test("a connection that closes rejects what waits, and the worker goes on", async (t) => {
  const records = await startRecords(t);
  const other = callRecords<Services>(records.connect());
  const hanging = other.services.fault.hang();
  other.close();
  other.close();
  await expect(hanging).rejects.toMatchObject(gone);
  await expect(other.services.fault.echo(1)).rejects.toMatchObject(gone);
  expect(await records.services.fault.echo("here")).toBe("here");
});

test("an argument that can't cross the port rejects and nothing waits for it", async (t) => {
  const records = await startRecords(t);
  const other = callRecords<Services>(records.connect());
  t.onTestFinished(() => other.close());
  await expect(other.services.fault.echo(() => 1)).rejects.toThrow("could not be cloned");
  expect(other.pendingCalls).toBe(0);
});

test("services may be awaited as plain values: they are no promises", async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.onTestFinished(() => port2.close());
  const connection = callRecords<Services>(port1);
  t.onTestFinished(() => connection.close());
  const fault = await Promise.resolve(connection.services.fault);
  expect(fault).toBe(connection.services.fault);
  expect(connection.pendingCalls).toBe(0);
});
