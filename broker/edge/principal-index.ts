/** Principals → their connections, and kitchens → their principals, for revocation and limits. */
export class PrincipalIndex<C> {
  readonly #byPrincipal = new Map<string, Set<C>>();
  readonly #byKitchen = new Map<string, Set<string>>();

  add(sppgId: string, name: string, connection: C): void {
    const connections = this.#byPrincipal.get(name) ?? new Set();
    connections.add(connection);
    this.#byPrincipal.set(name, connections);
    const names = this.#byKitchen.get(sppgId) ?? new Set();
    names.add(name);
    this.#byKitchen.set(sppgId, names);
  }

  remove(sppgId: string, name: string, connection: C): void {
    const connections = this.#byPrincipal.get(name);
    if (connections === undefined || !connections.delete(connection)) return;
    if (connections.size > 0) return;
    this.#byPrincipal.delete(name);
    const names = this.#byKitchen.get(sppgId);
    names?.delete(name);
    if (names?.size === 0) this.#byKitchen.delete(sppgId);
  }

  /** Oldest first. */
  ofPrincipal(name: string): readonly C[] {
    return [...(this.#byPrincipal.get(name) ?? [])];
  }

  ofKitchen(sppgId: string): readonly C[] {
    return [...(this.#byKitchen.get(sppgId) ?? [])].flatMap((name) => this.ofPrincipal(name));
  }

  all(): readonly C[] {
    return [...this.#byPrincipal.values()].flatMap((connections) => [...connections]);
  }
}
