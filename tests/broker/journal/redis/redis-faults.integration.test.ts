import { startDurableRedis } from "./harness.ts";
import { testRedisFaults } from "./redis-faults.contract.ts";

testRedisFaults(startDurableRedis);
