import { expect, test } from "vitest";
import { recordsError } from "../../../devices/records/errors.ts";
import {
  isConnectionLoss,
  toPostgresRecordsError,
} from "../../../devices/records/postgres-errors.ts";

function failure(code: string | undefined, message = "it failed"): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

const told = [
  ["40001", "RECORDS_LOCKED", false],
  ["40P01", "RECORDS_LOCKED", false],
  ["55P03", "RECORDS_LOCKED", false],
  ["57014", "RECORDS_LOCKED", false],
  ["53100", "RECORDS_DISK_FULL", false],
  ["53300", "RECORDS_UNAVAILABLE", false],
  ["57P01", "RECORDS_UNAVAILABLE", true],
  ["57P03", "RECORDS_UNAVAILABLE", true],
  ["08006", "RECORDS_UNAVAILABLE", true],
  ["25006", "RECORDS_UNAVAILABLE", false],
  ["ECONNREFUSED", "RECORDS_UNAVAILABLE", true],
  ["EPIPE", "RECORDS_UNAVAILABLE", true],
  [undefined, "RECORDS_UNAVAILABLE", true],
] as const;

test.for(told)("%s is %s, and a lost connection: %s", ([state, code, isLoss]) => {
  expect(toPostgresRecordsError(failure(state), "db")).toMatchObject({ code, retryable: true });
  expect(isConnectionLoss(failure(state))).toBe(isLoss);
});

test.for(["23505", "42P01", "22021"])("%s is a fault of ours and stays what it is", (state) => {
  const error = failure(state);
  expect(toPostgresRecordsError(error, "db")).toBe(error);
  expect(isConnectionLoss(error)).toBe(false);
});

test("what is coded already, or a bug of a program, is left alone", () => {
  for (const error of [
    recordsError("RECORDS_BUSY", { message: "busy" }),
    new TypeError("x is not a function"),
    "text",
  ]) {
    expect(toPostgresRecordsError(error, "db")).toBe(error);
    expect(isConnectionLoss(error)).toBe(false);
  }
});
