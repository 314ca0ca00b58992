import { SimulatorsError } from "../errors.ts";
import type { LoadConnection } from "./connection.ts";

export interface ConnectingOptions {
  /** Connections that wait for their CONNACK at a time. */
  connectsAtOnce: number;
  /** A connection that fails is tried again by itself. */
  isPatient: boolean;
  timeoutMs: number;
}

/** Brings every connection up once, a bounded number at a time; told of what happens to them. */
export interface Connecting {
  start(connections: readonly LoadConnection[]): Promise<void>;
  onLive: (connection: LoadConnection) => void;
  onRefused: (connection: LoadConnection, returnCode: number) => void;
  onClosed: (connection: LoadConnection, error: Error | null) => void;
}

export function createConnecting(options: ConnectingOptions): Connecting {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const queue: LoadConnection[] = [];
  const waiting = new Set<LoadConnection>();

  const openNext = (): void => {
    const connection = queue.pop();
    if (connection === undefined) {
      if (waiting.size === 0) resolve();
      return;
    }
    waiting.add(connection);
    connection.open();
  };
  const unavailable = (facts: string, cause?: Error | null): SimulatorsError =>
    new SimulatorsError("SIMULATORS_BROKER_UNAVAILABLE", facts, { cause: cause ?? undefined });

  return {
    async start(connections) {
      queue.push(...connections.toReversed());
      const timer = setTimeout(
        () => reject(unavailable(`${waiting.size + queue.length} connections got no CONNACK`)),
        options.timeoutMs,
      );
      for (let count = 0; count < options.connectsAtOnce; count += 1) openNext();
      await promise.finally(() => clearTimeout(timer));
    },
    onLive(connection) {
      if (waiting.delete(connection)) openNext();
    },
    onRefused({ device }, returnCode) {
      reject(
        new SimulatorsError(
          "SIMULATORS_LOGIN_REFUSED",
          `${device.clientId}: CONNECT was answered with return code ${returnCode}`,
        ),
      );
    },
    onClosed(connection, error) {
      if (!options.isPatient && waiting.has(connection)) {
        const { clientId } = connection.device;
        reject(unavailable(`${clientId}: closed before CONNACK`, error));
      }
    },
  };
}
