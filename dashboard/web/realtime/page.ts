/** What the realtime parts need of a page; a test has one of its own. */
export interface Page {
  nowMs: () => number;
  random: () => number;
  /** Calls back once, after the delay; returns its removal. */
  later(delayMs: number, callback: () => void): () => void;
  /** Before the next paint, or soon if nothing is painted; returns its removal. */
  onceBeforePaint(callback: () => void): () => void;
  /** The network is back, or somebody looks at the page again; returns its removal. */
  onWake(callback: () => void): () => void;
  /** The network is gone for sure; returns its removal. */
  onOffline(callback: () => void): () => void;
}
