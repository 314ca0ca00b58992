import fc from "fast-check";
import { expect, test } from "vitest";
import { Outbox } from "../../../simulators/device/outbox.ts";

test("a message stays until it is acknowledged by its identity, whatever happens between", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const) }),
    fc.record({ kind: fc.constant("take" as const) }),
    fc.record({ kind: fc.constant("requeue" as const) }),
    fc.record({ kind: fc.constant("acknowledge" as const), pick: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const outbox = new Outbox(10_000);
      const owed = new Map<number, string>();
      const sent: number[] = [];
      let added = 0;
      for (const one of steps) {
        if (one.kind === "add") {
          added += 1;
          outbox.add("topic", `message ${added}`);
          owed.set(added, `message ${added}`);
        } else if (one.kind === "take") {
          const message = outbox.take();
          if (message !== null) sent.push(message.id);
        } else if (one.kind === "requeue") {
          outbox.requeue();
        } else {
          const id = sent[one.pick % Math.max(1, sent.length)] ?? -1;
          if (outbox.acknowledge(id) !== owed.delete(id)) throw new Error(`message ${id}`);
        }
        expect(outbox.size).toBe(owed.size);
      }
      outbox.requeue();
      const left: string[] = [];
      for (let message = outbox.take(); message !== null; message = outbox.take()) {
        left.push(message.payload);
      }
      expect(left).toEqual([...owed.values()]);
      expect(outbox.dropped).toBe(0);
    }),
  );
});

test("a full outbox gives up its oldest that is not under way, and counts it", () => {
  const outbox = new Outbox(3);
  for (const payload of ["a", "b", "c"]) outbox.add("topic", payload);
  expect(outbox.take()?.payload).toBe("a");
  outbox.add("topic", "d");
  expect([outbox.size, outbox.dropped, outbox.inFlight]).toEqual([3, 1, 1]);
  expect(outbox.take()?.payload).toBe("c");
  expect(outbox.take()?.payload).toBe("d");
  // All are under way: there is nothing older to give up than what comes.
  outbox.add("topic", "e");
  expect([outbox.size, outbox.dropped]).toEqual([3, 2]);
  expect(outbox.take()).toBeNull();
});

test("many messages pass through without the queue growing", () => {
  const outbox = new Outbox(10);
  for (let round = 1; round <= 5000; round += 1) {
    outbox.add("topic", String(round));
    const message = outbox.take();
    expect(message?.payload).toBe(String(round));
    expect(outbox.acknowledge(message?.id ?? 0)).toBe(true);
  }
  expect([outbox.size, outbox.dropped]).toEqual([0, 0]);
});
