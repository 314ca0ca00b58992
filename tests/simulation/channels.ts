import type { ChannelMessage, ChannelPublisher } from "../../broker/index.ts";
import { brokerError } from "../../broker/errors.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { Weather } from "./weather.ts";

/** Redis, as the port allows it: cut in the middle of a call, late, or heard after all. */
export class ModelChannels {
  /** Every text that was taken, by the id of its message. */
  readonly taken = new Map<string, Set<string>>();
  /** Hears each id the first time that it is taken. */
  onFirst: (id: string) => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #weather: Weather;

  constructor(scheduler: Scheduler, weather: Weather) {
    this.#scheduler = scheduler;
    this.#weather = weather;
  }

  attach(owner: Owner): ChannelPublisher {
    return {
      watched: null,
      onWatched: () => () => undefined,
      publish: (messages) => this.#publish(messages, owner),
      close: () => Promise.resolve(),
    };
  }

  async #publish(messages: readonly ChannelMessage[], owner: Owner): Promise<void> {
    await this.#scheduler.delay(this.#weather.latencyMs(), "publish", owner);
    const isFailing = this.#weather.isAway("channels") || this.#weather.hits("channelsFail");
    // Cut in between: some have gone out, and nobody knows which.
    const count = isFailing ? Math.floor(this.#weather.random() * messages.length) : Infinity;
    for (const message of messages.slice(0, count)) this.#take(message);
    const rest = messages.slice(count);
    if (isFailing && this.#weather.hits("channelsLate")) {
      // Behind what is published next, also when the process has died meanwhile.
      const run = (): void => rest.forEach((message) => this.#take(message));
      const delayMs = this.#weather.random() * 3_000;
      this.#scheduler.after(delayMs, { label: "late messages", run, owner: null });
    }
    await this.#scheduler.delay(this.#weather.latencyMs(), "published", owner);
    if (isFailing) throw unavailable();
  }

  #take(message: ChannelMessage): void {
    // Live values are shown, and promised to nobody.
    if (message.qos === 0) return;
    const id = idOf(message.text);
    const texts = this.taken.get(id) ?? new Set();
    if (texts.size === 0) this.onFirst(id);
    this.taken.set(id, texts.add(message.text));
    this.#scheduler.note(`message ${id}`);
  }
}

function idOf(text: string): string {
  const message: unknown = JSON.parse(text);
  return typeof message === "object" && message !== null && "id" in message
    ? String(message.id)
    : "";
}

function unavailable(): Error {
  return brokerError("BROKER_CHANNELS_UNAVAILABLE", { message: "The modelled channels are cut." });
}
