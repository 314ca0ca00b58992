/**
 * Stock Aedes as its README shows it, with memory persistence, mqemitter and one consumer in the
 * process that does nothing: the broker that Nadi is measured against. It stores nothing.
 */
import net, { type AddressInfo } from "node:net";
import { Aedes } from "aedes";

const broker = await Aedes.createBroker();
broker.subscribe(
  "#",
  (_packet, done) => done(),
  () => {},
);
const server = net.createServer({ noDelay: true }, (socket) => void broker.handle(socket));
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
// The parent holds the other end of our input: when it is gone, so are we.
process.stdin.resume().on("end", () => process.exit());
