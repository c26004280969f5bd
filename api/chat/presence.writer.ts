/** Writes who is here, of this replica: one word after the other, so that the last one counts. */
import { wordsOf } from '../../activities/platform/errors.js';
import type { PresenceStore } from '../../activities/store/store.ports.js';
import type { Log } from '../platform/log.js';

/** How many tabs of a user are in a conversation now. */
type TabsOf = (conversation: string, login: string) => number;

export class PresenceWriter {
  private readonly unwritten = new Map<string, { conversation: string; login: string }>();
  private writing: Promise<void> | undefined;

  constructor(
    private readonly parts: { presence: PresenceStore; replica: number; log: Log },
    private readonly tabsOf: TabsOf,
  ) {}

  changed(conversation: string, login: string): void {
    this.unwritten.set(`${conversation} ${login}`, { conversation, login });
    this.write();
  }

  /** What could not be written is tried again with every call. */
  write(): void {
    if (this.unwritten.size === 0) return;
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
    });
  }

  /** When all that can be written is. */
  async settled(): Promise<void> {
    this.write();
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    const { presence, replica, log } = this.parts;
    for (const [key, { conversation, login }] of this.unwritten) {
      this.unwritten.delete(key);
      try {
        await presence.here(replica, conversation, login, this.tabsOf(conversation, login));
      } catch (error) {
        this.unwritten.set(key, { conversation, login });
        log.warn({ conversation, reason: wordsOf(error) }, 'who is here could not be written');
        return;
      }
    }
  }
}
