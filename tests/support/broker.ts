import { pino } from "pino";
import { type Broker, createBroker } from "../../broker/broker.ts";
import { loadBrokerConfig } from "../../broker/config.ts";
import type { EdgeClock } from "../../broker/edge/limits.ts";
import type { Journal } from "../../broker/journal/journal.ts";
import type { LoginSource } from "../../broker/ports.ts";
import type { AuditEvent } from "../../devices/registry/model.ts";
import { HeldJournal } from "./held-journal.ts";
import { type ConnectFields, connectRaw, type RawClient } from "./mqtt-wire.ts";
import { type TestDevice, TestLogins } from "./test-logins.ts";

/** The part of a vitest context that the factories need. */
export interface CleanUps {
  onTestFinished(cleanUp: () => void | Promise<void>): void;
}

export interface TestBrokerOptions {
  /** Anonymous, with free topics. */
  isConformance?: boolean;
  /** Broker variables; the ports are free ones. */
  env?: Record<string, string>;
  journal?: Journal;
  logins?: LoginSource;
  clock?: Partial<EdgeClock>;
}

export interface TestBroker {
  broker: Broker;
  port: number;
  /** Of plain options: the journal and logins in memory. */
  journal: HeldJournal;
  logins: TestLogins;
  audit: AuditEvent[];
  /** What the broker logged as its own fault. */
  errors: unknown[];
  /** From another loopback address, if one is given. */
  open(localAddress?: string): Promise<RawClient>;
  /** Connects as nobody (conformance) or with the given fields; fails unless CONNACK is 0. */
  connect(fields?: ConnectFields): Promise<RawClient>;
  /** Connects as a device; the client id is its user name. */
  signIn(device: TestDevice, fields?: ConnectFields): Promise<RawClient>;
  count(refusal: Parameters<Broker["edge"]["refusals"]["counts"]["get"]>[0]): number;
}

export function systemEdgeClock(): EdgeClock {
  return { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
}

/** A real broker on a free port, stopped when the test ends. */
export async function createTestBroker(
  t: CleanUps,
  options: TestBrokerOptions = {},
): Promise<TestBroker> {
  const journal = new HeldJournal();
  const logins = new TestLogins();
  const audit: AuditEvent[] = [];
  const errors: unknown[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => errors.push(JSON.parse(line)) });
  const broker = createBroker({
    config: loadBrokerConfig({ NADI_MQTT_PORT: "0", NADI_MQTTS_PORT: "0", ...options.env }),
    journal: options.journal ?? journal,
    logins: options.logins ?? logins,
    audit: { write: (event) => audit.push(event) },
    log,
    clock: { ...systemEdgeClock(), ...options.clock },
    isConformance: options.isConformance ?? false,
  });
  t.onTestFinished(async () => {
    journal.release();
    await broker.stop();
    if (errors.length > 0) throw new Error(`the broker logged: ${JSON.stringify(errors)}`);
  });
  await broker.start();
  const port = broker.ports.mqtt;
  const open = (localAddress?: string): Promise<RawClient> =>
    connectRaw({ port, t, ...(localAddress === undefined ? {} : { localAddress }) });
  const connect = async (fields: ConnectFields = {}): Promise<RawClient> => {
    const client = await open();
    const { returnCode } = await client.connect(fields);
    if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`);
    return client;
  };
  return {
    broker,
    port,
    journal,
    logins,
    audit,
    errors,
    open,
    connect,
    signIn: (device, fields = {}) => connect({ ...credentialsOf(device), ...fields }),
    count: (refusal) => broker.edge.refusals.counts.get(refusal) ?? 0,
  };
}

/** What a device puts into its CONNECT. */
export function credentialsOf(device: TestDevice): ConnectFields {
  return { clientId: device.username, username: device.username, password: device.password };
}

/**
 * Waits until what was sent before has been dealt with: a PINGREQ goes the same way, in order.
 * Answers what has come meanwhile.
 */
export async function settle(client: RawClient): Promise<readonly { type: string }[]> {
  client.send(Buffer.from([0xc0, 0]));
  await client.next("pingresp");
  return client.queued();
}
