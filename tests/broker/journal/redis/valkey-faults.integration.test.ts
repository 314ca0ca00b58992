import { startDurableValkey } from "./harness.ts";
import { testRedisFaults } from "./redis-faults.contract.ts";

testRedisFaults(startDurableValkey);
