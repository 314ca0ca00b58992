import type { ChannelMessage } from "./channels.ts";

/** From the publisher's thread. Chunks are answered in the order in which they are sent. */
export interface ToSubscriber {
  kind: "messages";
  messages: readonly ChannelMessage[];
}

export type ToPublisher =
  /** The oldest chunk that was not answered has been given to the listeners. */
  | { kind: "taken" }
  /** The first wants this kitchen, or the last one no longer does. */
  | { kind: "watched"; sppgId: string; isWatched: boolean };
