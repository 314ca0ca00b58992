import type { TestContext } from "vitest";
import { joinDeviceBroker, joinPeopleEdge } from "../../../broker/peers/join-brokers.ts";
import { createLocalBusHub } from "../../../broker/peers/local-bus.ts";
import type { Bus } from "../../../broker/peers/bus.ts";
import type { Peers } from "../../../broker/peers/peers.ts";
import type { Takeover } from "../../../broker/peers/takeover.ts";
import { StopStack } from "../../../devices/index.ts";
import { pino } from "pino";
import { createTestBroker, systemEdgeClock, type TestBroker } from "../../support/broker.ts";
import { TestLogins } from "../../support/test-logins.ts";
import { join } from "./peers.contract.ts";

export interface JoinedBroker extends TestBroker {
  peers: Peers;
  takeover: Takeover;
  /** Cuts it off from the others, as the end of its process would. */
  bus: Bus;
}

export interface Brokers {
  logins: TestLogins;
  brokers: JoinedBroker[];
  /** An edge without devices of its own, which follows the others. */
  people: TestBroker & { peers: Peers };
}

/** Real brokers on ports of their own, and one for people, over a bus in this process. */
export async function createBrokers(
  t: Pick<TestContext, "onTestFinished">,
  count: number,
  connect: () => Bus = createLocalBusHub().connect,
): Promise<Brokers> {
  const logins = new TestLogins();
  const clock = systemEdgeClock();
  const brokers: JoinedBroker[] = [];
  for (let index = 0; index < count; index += 1) {
    const made = await createTestBroker(t, { logins });
    const bus = connect();
    const joined = Promise.withResolvers<Takeover>();
    const peers = await join(t, bus, {
      roles: ["broker"],
      prepare: (peers) => joined.resolve(joinDeviceBroker({ broker: made.broker, peers, clock })),
    });
    brokers.push({ ...made, peers, bus, takeover: await joined.promise });
  }
  const made = await createTestBroker(t, { logins });
  const stack = new StopStack();
  t.onTestFinished(() => stack.unwind());
  const log = pino({ level: "silent" });
  const peers = await join(t, connect(), {
    roles: ["dashboard"],
    prepare: (peers) => joinPeopleEdge({ broker: made.broker, peers, clock }, { log, stack }),
  });
  return { logins, brokers, people: { ...made, peers } };
}
