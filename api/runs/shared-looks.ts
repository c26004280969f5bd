/** One look at the record for all who ask for the same at the same moment. */

/**
 * Those who are woken by one event of the process share an answer. Not longer: who is woken by a
 * change must see it, and a look that began before may not.
 */
export class SharedLooks<T> {
  private readonly begun = new Map<string, Promise<T>>();

  look(key: string, look: () => Promise<T>): Promise<T> {
    const shared = this.begun.get(key);
    if (shared) return shared;
    const own = look();
    this.begun.set(key, own);
    // Asked for within a promise, this comes when all promises that the event settled were heard.
    process.nextTick(() => this.begun.delete(key));
    return own;
  }
}
