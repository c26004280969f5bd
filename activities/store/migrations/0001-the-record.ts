/** The first tables: see 0001-the-record.sql. */
import { SqlMigration } from './sql-migration.js';

export class TheRecord extends SqlMigration {
  readonly name = 'TheRecord1763683200001';
  protected readonly file = '0001-the-record.sql';
}
