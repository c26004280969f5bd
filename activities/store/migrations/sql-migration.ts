/** A migration is a reviewed SQL file; TypeORM runs each once and keeps the list of those that ran. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { packageRoot } from '../../platform/package-root.js';

const FOLDER = join('activities', 'store', 'migrations');

/** Runs one SQL file, in the transaction that TypeORM opened for it. */
export abstract class SqlMigration implements MigrationInterface {
  /** Ends in 13 digits, which order the migrations: TypeORM asks for that. */
  abstract readonly name: string;
  protected abstract readonly file: string;

  async up(queryRunner: QueryRunner): Promise<void> {
    const sql = await readFile(join(packageRoot(), FOLDER, this.file), 'utf8');
    await queryRunner.query('SET LOCAL statement_timeout = 0'); // A big table may need its time.
    await queryRunner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(
      new Error(`"${this.name}" goes forward only: restore a backup, or write the next migration`),
    );
  }
}
