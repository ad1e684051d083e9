/** Timers by name: a new one takes the place of the old one of its name. */
export class NamedTimers {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  set(name: string, ms: number, work: () => void): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(work, ms));
  }

  stop(...names: readonly string[]): void {
    for (const name of names) {
      clearTimeout(this.#timers.get(name));
      this.#timers.delete(name);
    }
  }

  stopAll(): void {
    this.stop(...this.#timers.keys());
  }
}
