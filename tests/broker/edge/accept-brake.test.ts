import { Duplex } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { AcceptBrake } from "../../../broker/edge/accept-brake.ts";
import { AddressGuard } from "../../../broker/edge/address-limits.ts";
import { Arrivals } from "../../../broker/edge/arrivals.ts";
import { Connection } from "../../../broker/edge/connection.ts";
import { Refusals } from "../../../broker/edge/refusals.ts";

function createBrake(): { brake: AcceptBrake; rests: () => number } {
  let rests = 0;
  const brake = new AcceptBrake(() => {
    rests++;
  });
  return { brake, rests: () => rests };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("a turn that puts off many refusals ends with one rest", async () => {
  const { brake, rests } = createBrake();
  for (let pressed = 0; pressed < 50; pressed++) brake.press();
  // What else came in this turn is dealt with first.
  expect(rests()).toBe(0);
  await turn();
  expect(rests()).toBe(1);
});

test("each turn that puts one off rests, and no other", async () => {
  const { brake, rests } = createBrake();
  for (let turns = 1; turns <= 3; turns++) {
    brake.press();
    await turn();
    expect(rests()).toBe(turns);
  }
  await turn();
  await turn();
  expect(rests()).toBe(3);
});

test("the rest itself is shorter than what a neighbour notices", async () => {
  const brake = new AcceptBrake();
  const startedAt = performance.now();
  for (let turns = 0; turns < 100; turns++) {
    brake.press();
    await turn();
  }
  const restedMs = (performance.now() - startedAt) / 100;
  expect(restedMs).toBeGreaterThan(0.1);
  // 0.15 and the kernel's slack; the rest is what a busy machine may add.
  expect(restedMs).toBeLessThan(10);
});

/** Arrivals of one address that has two answers left, at a clock that stands still. */
function createArrivals(t: { onTestFinished(cleanUp: () => void): void }) {
  const { brake, rests } = createBrake();
  const clock = { wallMs: () => 0, monotonicMs: () => 0 };
  const arrivals = new Arrivals({
    brake,
    guard: new AddressGuard<Connection>({
      pendingPerAddress: 10,
      failuresBurst: 2,
      failuresPerSecond: 1,
      lingerMs: 60_000,
    }),
    limits: {
      connectDeadlineMs: 60_000,
      signIns: { burst: 10, perSecond: 1, devicesMax: 10 },
    },
    monotonicMs: clock.monotonicMs,
    refusals: new Refusals({ audit: { write: () => {} }, log: pino({ level: "silent" }), clock }),
    drop: (connection) => connection.destroy(),
  });
  const refuse = async (): Promise<void> => {
    const connection = new Connection(
      new Duplex({ read() {} }),
      { address: "127.0.0.1", transport: "tcp", certificateName: null },
      {
        congestedBytes: 1,
        congestedBytesOfPerson: 1,
        frozen: { frozenMs: 1, takenBytesMin: 1 },
      },
    );
    t.onTestFinished(() => arrivals.leave(connection));
    arrivals.admit(connection);
    arrivals.refuse(connection, () => {});
    await turn();
  };
  return { refuse, rests };
}

test("refusals that are told at once brake nobody; those that are put off do", async (t) => {
  const { refuse, rests } = createArrivals(t);
  await refuse();
  await refuse();
  expect(rests()).toBe(0);
  await refuse();
  expect(rests()).toBe(1);
  await refuse();
  expect(rests()).toBe(2);
});
