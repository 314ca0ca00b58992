import { expect, test } from "vitest";
import { shareOpenFiles } from "../../broker/open-files.ts";

test("with few open files the sockets together leave some for the journal", () => {
  for (const filesMax of [128, 256, 1_024, 20_000]) {
    const room = shareOpenFiles(filesMax);
    expect(room.mqttSockets + room.httpSockets, `${filesMax}`).toBeLessThanOrEqual(filesMax - 96);
    expect(room.mqttConnections).toBeLessThanOrEqual(room.mqttSockets);
    expect(room.mqttConnections).toBeGreaterThan(0);
    expect(room.httpSockets).toBeGreaterThan(0);
  }
});

test("where the system sets no limit the open files allow any number of sockets", () => {
  expect(Object.values(shareOpenFiles(Infinity))).toEqual([Infinity, Infinity, Infinity]);
});

test("this process has room for sockets", () => {
  expect(shareOpenFiles().mqttConnections).toBeGreaterThan(64);
});
