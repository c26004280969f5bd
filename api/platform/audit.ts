/** No command without a line in the audit log: first the line, then the command. */
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError } from '../../activities/platform/errors.js';
import type { Store } from '../../activities/store/store.ports.js';
import { STORE } from './tokens.js';

export interface Command {
  by: string;
  /** Like `run.cancel`, `gate.approve`, `token.revoke`. */
  action: string;
  /** Like `run/chat-app-12`. */
  subject: string;
  detail?: Record<string, unknown>;
}

@Injectable()
export class Audit {
  constructor(@Inject(STORE) private readonly store: Store) {}

  /**
   * Notes the command, then does it. A refusal gets a second line, `<action>.refused`, with its words.
   *
   * @throws {StoreUnavailable} before anything was done.
   */
  async during<T>(command: Command, work: () => Promise<T>): Promise<T> {
    await this.store.audit.add(command);
    try {
      return await work();
    } catch (error) {
      if (error instanceof SlipwayError) {
        const detail = { code: error.code, why: error.message };
        const refused = { ...command, action: `${command.action}.refused`, detail };
        // The refusal itself matters more to the caller than its line.
        await this.store.audit.add(refused).catch(() => undefined);
      }
      throw error;
    }
  }
}
