import * as z from "zod";
import type { Broker } from "../broker.ts";
import { commandMsMax } from "../command-time.ts";
import type { Delivery } from "../edge/session.ts";
import { brokerError } from "../errors.ts";
import type { Peers } from "./peers.ts";

const commandSchema = z.object({
  topicName: z.string().max(1_024),
  /** JSON; the API's own limit is far below. */
  text: z.string().max(65_536),
  /** From now: monotonic clocks differ between machines. */
  lifeMs: z.number(),
});
const deliverySchema = z.enum(["sent", "waiting", "dropped"]);

const service = "command";
/** The best first. */
const ranking: readonly Delivery[] = ["sent", "waiting", "dropped"];

type Clock = () => number;
type Command = Parameters<Broker["command"]>[0];

/** Takes commands for the sessions of this broker. */
export function serveCommands(
  broker: Pick<Broker, "command">,
  peers: Peers,
  monotonicMs: Clock,
): void {
  peers.serve(service, commandSchema, async ({ topicName, text, lifeMs }) =>
    broker.command({
      topicName,
      payload: Buffer.from(text),
      expiresAtMs: monotonicMs() + lifeMs,
    }),
  );
}

export interface SendOptions {
  peers: Peers;
  monotonicMs: Clock;
  /** Every broker reaches every device, so that only one may be asked. */
  isAnyEnough: boolean;
}

/**
 * Sends to a device at whatever broker it has a session; `null`: at none. Rejects as retryable if a
 * broker that might have had it has not answered: then it is not known.
 */
export async function sendCommand(
  { topicName, payload, expiresAtMs }: Command,
  { peers, monotonicMs, isAnyEnough }: SendOptions,
): Promise<Delivery | null> {
  const body = { topicName, text: payload.toString(), lifeMs: expiresAtMs - monotonicMs() };
  const any = peers.nodes.all().find((node) => node.roles.includes("broker"));
  if (isAnyEnough && any === undefined) {
    throw brokerError("BROKER_PEERS_UNAVAILABLE", {
      message: "No broker process runs: start one.",
    });
  }
  const { answers, refusals, silent } = await peers.call(
    isAnyEnough && any !== undefined ? any : { role: "broker" },
    { service, body },
    {
      answer: deliverySchema,
      deadlineMs: commandMsMax,
      isEnough: (delivery) => delivery === "sent",
    },
  );
  const best = ranking.find((one) => answers.includes(one));
  if (best !== undefined) return best;
  if (refusals[0] !== undefined) throw refusals[0];
  if (silent === 0) return null;
  throw brokerError("BROKER_PEERS_UNAVAILABLE", {
    message: "A broker has not answered, so whether the device has the command is not known.",
  });
}
