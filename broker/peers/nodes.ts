export interface PeerNode {
  nodeId: string;
  roles: readonly string[];
}

export type NodeListener = (node: PeerNode, isThere: boolean) => void;

/** How often each process says that it lives. */
export const beatMs = 500;
/** So many beats of our own without one of it: it is dead. */
export const missedBeatsMax = 6;

/**
 * Which other processes live. Time is counted in our own beats as they come back over the bus:
 * while it is away or frozen, or we ourselves stand still, nobody grows older.
 */
export class Nodes {
  readonly #missed = new Map<string, { node: PeerNode; beats: number }>();
  readonly #listeners = new Set<NodeListener>();

  all(): PeerNode[] {
    return [...this.#missed.values()].map(({ node }) => node);
  }

  /** Hears who comes and who goes; at once of those who are there. Returns its removal. */
  onChange(listener: NodeListener): () => void {
    this.#listeners.add(listener);
    for (const node of this.all()) listener(node, true);
    return () => this.#listeners.delete(listener);
  }

  beaten(node: PeerNode): void {
    const known = this.#missed.get(node.nodeId);
    this.#missed.set(node.nodeId, { node, beats: 0 });
    if (known === undefined) this.#tell(node, true);
  }

  /** A beat of our own has come back. */
  ownBeat(): void {
    for (const missed of this.#missed.values()) {
      missed.beats += 1;
      if (missed.beats > missedBeatsMax) this.left(missed.node.nodeId);
    }
  }

  left(nodeId: string): void {
    const known = this.#missed.get(nodeId);
    if (!this.#missed.delete(nodeId) || known === undefined) return;
    this.#tell(known.node, false);
  }

  #tell(node: PeerNode, isThere: boolean): void {
    for (const listener of this.#listeners) listener(node, isThere);
  }
}
