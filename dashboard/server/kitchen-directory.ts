import type { Device, Kitchen, RegistryChange } from "../../devices/index.ts";
import type { DashboardServices } from "./services.ts";

/** 1,000 kitchens with their devices are about 10 MB. */
const kitchensMax = 1_000;

interface Entry {
  kitchen: Kitchen | null;
  devices: readonly Device[] | null;
}

/** Kitchens and devices in memory: each request asks for one. The change log empties it. */
export class KitchenDirectory {
  readonly #registry: DashboardServices["registry"];
  // A Map, because the ids come from addresses; insertion order is order of reading.
  readonly #entries = new Map<string, Entry>();
  #generation = 0;
  readonly #unsubscribe: () => void;

  constructor(services: Pick<DashboardServices, "registry" | "changes">) {
    this.#registry = services.registry;
    this.#unsubscribe = services.changes.onChange((change) => this.#apply(change));
  }

  stop(): void {
    this.#unsubscribe();
    this.#entries.clear();
  }

  async find(sppgId: string): Promise<Kitchen | null> {
    const known = this.#entries.get(sppgId)?.kitchen;
    if (known !== undefined && known !== null) return known;
    const generation = this.#generation;
    const kitchen = await this.#registry.findKitchen(sppgId);
    if (kitchen !== null) this.#keep(sppgId, { kitchen }, generation);
    return kitchen;
  }

  async devices(sppgId: string): Promise<readonly Device[]> {
    const known = this.#entries.get(sppgId)?.devices;
    if (known !== undefined && known !== null) return known;
    const generation = this.#generation;
    const devices = await this.#registry.listDevices(sppgId);
    this.#keep(sppgId, { devices }, generation);
    return devices;
  }

  /** Asks again before it says no: the device may be younger than the last change heard. */
  async hasDevice(sppgId: string, deviceId: string): Promise<boolean> {
    const isMeant = (device: Device) => device.deviceId === deviceId;
    if ((await this.devices(sppgId)).some(isMeant)) return true;
    return (await this.#registry.listDevices(sppgId)).some(isMeant);
  }

  #keep(sppgId: string, part: Partial<Entry>, generation: number): void {
    // Asked before a change and answered after it: right for this answer, too old for the next.
    if (generation !== this.#generation) return;
    const known = this.#entries.get(sppgId) ?? { kitchen: null, devices: null };
    this.#entries.set(sppgId, { ...known, ...part });
    if (this.#entries.size <= kitchensMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  #apply({ kind, sppgId }: RegistryChange): void {
    if (kind !== "kitchen" && kind !== "device") return;
    this.#generation++;
    if (sppgId === null) this.#entries.clear();
    else this.#entries.delete(sppgId);
  }
}
