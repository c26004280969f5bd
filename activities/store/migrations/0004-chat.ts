/** The tables of chat: see 0004-chat.sql. */
import { SqlMigration } from './sql-migration.js';

export class Chat extends SqlMigration {
  readonly name = 'Chat1763683200004';
  protected readonly file = '0004-chat.sql';
}
