/** Indexes for what lists ask: see 0003-indexes.sql. */
import { SqlMigration } from './sql-migration.js';

export class Indexes extends SqlMigration {
  readonly name = 'Indexes1763683200003';
  protected readonly file = '0003-indexes.sql';
}
