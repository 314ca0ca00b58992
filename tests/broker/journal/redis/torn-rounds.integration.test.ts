import { describe } from "vitest";
import { startDurableRedis, startDurableValkey } from "./harness.ts";
import { testTornRounds } from "./torn-rounds.contract.ts";

describe("Redis", () => {
  testTornRounds("redis", startDurableRedis);
});

describe("Valkey", () => {
  testTornRounds("valkey", startDurableValkey);
});
