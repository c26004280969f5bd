/** The table of sealed secrets: see 0002-secrets.sql. */
import { SqlMigration } from './sql-migration.js';

export class Secrets extends SqlMigration {
  readonly name = 'Secrets1763683200002';
  protected readonly file = '0002-secrets.sql';
}
