import { startDurableRedis } from "./harness.ts";
import { testRedisJournal } from "./redis-journal.contract.ts";

testRedisJournal(startDurableRedis);
