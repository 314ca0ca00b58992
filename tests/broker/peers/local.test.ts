import { createLocalBusHub } from "../../../broker/peers/local-bus.ts";
import { testPeersContract } from "./peers.contract.ts";

testPeersContract(async () => {
  const hub = createLocalBusHub();
  return () => hub.connect();
});
