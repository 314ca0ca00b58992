import { startDurableValkey } from "./harness.ts";
import { testRedisJournal } from "./redis-journal.contract.ts";

testRedisJournal(startDurableValkey);
