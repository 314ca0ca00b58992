import type { TestContext } from "vitest";
import type { Broker } from "../../../broker/broker.ts";
import type { DeviceEdge } from "../../../dashboard/server/services.ts";
import { createTestBroker, type TestBroker } from "../../support/broker.ts";
import { createKitchenApi, type KitchenApi, sppgId } from "./kitchen-api.ts";

export interface DeviceSite extends KitchenApi {
  made: TestBroker;
  /** `/api/kitchens/…/devices`, of the own kitchen. */
  devices: string;
}

/** The API and a real broker over one registry, on one clock. */
export async function createDeviceSite(t: TestContext): Promise<DeviceSite> {
  // Each needs the other: the API is made first and meets the broker when somebody asks.
  const late: { broker: Broker | null } = { broker: null };
  const broker = (): Broker => {
    if (late.broker === null) throw new Error("the broker is not there yet");
    return late.broker;
  };
  const edge: DeviceEdge = {
    presenceOf: (id) => broker().presenceOf(id),
    command: (message) => broker().command(message),
    mqtt: () => ({ host: "0.0.0.0", port: broker().ports.mqtt, tlsPort: null }),
  };
  const api = await createKitchenApi(t, {}, edge);
  const clock = { monotonicMs: () => api.clock.monotonicMs, wallMs: () => api.clock.wallMs };
  const made = await createTestBroker(t, { logins: api.feed, clock });
  late.broker = made.broker;
  return { ...api, made, devices: `/api/kitchens/${sppgId}/devices` };
}

interface Login {
  clientId: string;
  username: string;
  password: string;
}

/** A CONNECT with what the API has answered; clean session unless told. */
export function connectAs(site: DeviceSite, login: Login, clean = true) {
  const { clientId, username, password } = login;
  return site.made.connect({ clientId, username, password, clean });
}
