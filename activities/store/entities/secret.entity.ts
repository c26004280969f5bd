/** A secret, sealed: what it is called and where it applies can be read, its value cannot. */
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('secrets')
@Index('secrets_scope', ['repository', 'name', 'stage', 'branches'], { unique: true })
@Index('secrets_key', ['keyId', 'id'])
export class SecretEntity {
  @PrimaryColumn('uuid')
  id!: string;

  /** Empty: every repository. */
  @Column('text')
  repository!: string;

  @Column('text')
  name!: string;

  @Column('text', { array: true })
  branches!: string[];

  /** Empty: every step that names it. */
  @Column('text')
  stage!: string;

  @Column('integer')
  version!: number;

  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('bytea', { name: 'wrapped_key', select: false })
  wrappedKey!: Buffer;

  @Column('bytea', { select: false })
  sealed!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;

  @Column('text', { name: 'updated_by' })
  updatedBy!: string;
}
