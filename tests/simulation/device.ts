import { type DeviceSite, sites } from "./sites.ts";
import type { World } from "./world.ts";

/** What a device keeps until it is acknowledged. */
export interface DeviceMessage {
  id: string;
  principal: string;
  topicName: string;
  payload: Buffer;
}

const inFlightMax = 4;

/**
 * A device with an outbox: it sends in order, resends what was not acknowledged after each new
 * connection, and sometimes what was. Its clock may be off, and its temperature crosses limits.
 */
export class SimulatedDevice {
  readonly #world: World;
  readonly #site: DeviceSite;
  readonly #children: readonly string[];
  readonly #outbox: DeviceMessage[] = [];
  readonly #sent: DeviceMessage[] = [];
  #count = 0;
  #celsius = 3;
  #clockOffMs = 0;
  /** Raised by each new connection: what belongs to an older one is void. */
  #connection = 0;
  #isConnected = false;
  #inFlight = 0;

  constructor(world: World, made: DeviceSite) {
    this.#world = world;
    this.#site = made;
    const { deviceId, kind } = made;
    this.#children = sites
      .filter(({ gatewayId }) => kind === "gateway" && gatewayId === deviceId)
      .map((child) => child.deviceId);
  }

  get waiting(): number {
    return this.#outbox.length;
  }

  /** Measures again and again, until the world is calm. */
  start(): void {
    this.#later(this.#world.weather.random() * 3_000, "measure", () => this.#measure());
  }

  /** The process at the other end is there: connects after a while. */
  connectSoon(): void {
    const connection = ++this.#connection;
    this.#isConnected = false;
    this.#later(this.#world.weather.random() * 500, "connect", () => {
      if (connection !== this.#connection) return;
      if (this.#world.life?.isServing !== true) {
        this.connectSoon();
        return;
      }
      this.#isConnected = true;
      this.#inFlight = 0;
      this.#send();
    });
  }

  #measure(): void {
    const { weather } = this.#world;
    if (weather.isCalm) return;
    const { random } = weather;
    if (random() < 0.3) this.#celsius = [2, 6, 12, 30][Math.floor(random() * 4)] ?? 2;
    if (random() < 0.02) this.#clockOffMs = (random() - 0.5) * 1_000_000;
    const child = this.#children[Math.floor(random() * this.#children.length)];
    this.#keep(child, random() < 0.1 ? 1 + Math.floor(random() * 6) : 0);
    // At times quiet for longer than its rule allows.
    const pauseMs = random() < 0.04 ? 20_000 : 200 + random() * 2_000;
    this.#later(pauseMs, "measure", () => this.#measure());
    if (this.#sent.length > 0 && random() < 0.05) {
      const again = this.#sent[Math.floor(random() * this.#sent.length)];
      if (again !== undefined) this.#outbox.push(again);
    }
    this.#send();
  }

  /** One reading, or with `backlog` an array of late ones; at times no time, or no JSON. */
  #keep(child: string | undefined, backlog: number): void {
    const { sppgId, deviceId } = this.#site;
    const { random } = this.#world.weather;
    const items = Array.from({ length: Math.max(1, backlog) }, () => this.#item(backlog > 0));
    const text = JSON.stringify(backlog > 0 ? items : items[0]);
    const rest = child === undefined ? "temperature" : `${child}/temperature`;
    this.#count += 1;
    this.#outbox.push({
      id: `${deviceId}-${this.#count}`,
      principal: `${sppgId}.${deviceId}`,
      topicName: `sppg/${sppgId}/telemetry/${deviceId}/${rest}`,
      payload: Buffer.from(random() < 0.1 ? text.slice(1) : text),
    });
  }

  #item(isLate: boolean): Record<string, number> {
    const { random } = this.#world.weather;
    const lateMs = isLate || random() < 0.05 ? random() * 40_000 : 0;
    const nowMs = Math.floor(this.#world.trueTimeMs() + this.#clockOffMs - lateMs);
    this.#count += 1;
    const celsius = random() < 0.03 ? 85 : Math.round((this.#celsius + random() * 6) * 10) / 10;
    const time = random() < 0.08 ? {} : { ts: nowMs };
    return { ...time, seq: this.#count, celsius };
  }

  #send(): void {
    const { life, weather, scheduler } = this.#world;
    const connection = this.#connection;
    if (!this.#isConnected || life === null) return;
    while (this.#inFlight < Math.min(inFlightMax, this.#outbox.length)) {
      const message = this.#outbox[this.#inFlight];
      if (message === undefined) return;
      this.#inFlight += 1;
      if (weather.hits("networkCut")) {
        this.connectSoon();
        return;
      }
      const run = (): void => {
        // A socket that is gone may still have brought this to a broker that goes on.
        if (life.isServing) this.#arrive(message, connection);
      };
      const label = `publish ${message.id}`;
      scheduler.after(weather.latencyMs(), { label, run, owner: life.owner });
    }
  }

  #arrive(message: DeviceMessage, connection: number): void {
    const { life, weather, oracle, scheduler } = this.#world;
    if (life?.journal === null || life === null) return;
    const { principal, topicName, payload } = message;
    const { owner } = life;
    const entry = { kind: "publish", principal, topicName, payload, qos: 1 } as const;
    life.journal.append(entry, (error, offset) => {
      if (!owner.isAlive) return;
      if (error !== null) return this.#drop(connection);
      oracle.acknowledged(message, offset);
      scheduler.note(`ack ${message.id} ${offset}`);
      if (weather.hits("networkCut")) return this.#drop(connection);
      const label = `puback ${message.id}`;
      const run = (): void => this.#acknowledged(message, connection);
      scheduler.after(weather.latencyMs(), { label, run, owner });
    });
  }

  #drop(connection: number): void {
    if (connection === this.#connection) this.connectSoon();
  }

  #acknowledged(message: DeviceMessage, connection: number): void {
    if (connection !== this.#connection) return;
    const at = this.#outbox.indexOf(message);
    if (at === -1) return;
    this.#outbox.splice(at, 1);
    this.#inFlight -= 1;
    this.#sent.push(message);
    this.#send();
  }

  #later(delayMs: number, label: string, run: () => void): void {
    const named = `${this.#site.deviceId} ${label}`;
    this.#world.scheduler.after(delayMs, { label: named, run, owner: null });
  }
}
