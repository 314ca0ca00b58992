import { describeStoreContract } from "./store.contract.ts";
import { openStore } from "./open-store.ts";

describeStoreContract("the SQLite store", openStore);
