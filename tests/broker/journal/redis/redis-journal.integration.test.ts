import { fileScope } from "../../../support/file-scope.ts";
import { testJournalContract } from "../journal.contract.ts";
import { openOn, startDurableRedis } from "./harness.ts";

const shared = startDurableRedis(fileScope());

testJournalContract(async (t) => {
  const redis = await shared;
  await redis.cli("flushall");
  let journal = await openOn(t, redis);
  return {
    journal: await journal.partition(3),
    async reopen() {
      await journal.close();
      journal = await openOn(t, redis);
      return journal.partition(3);
    },
  };
});
