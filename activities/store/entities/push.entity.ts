/** One ref update of one push: written before Git moves the ref, settled after it. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { PushRow } from '../store.ports.js';
import { RepositoryEntity } from './repository.entity.js';

@Entity('pushes')
@Check('pushes_state_check', "state IN ('received', 'accepted', 'dropped')")
@Index('pushes_unsettled', ['repository', 'ref', 'oldCommit', 'newCommit'], {
  unique: true,
  where: "state = 'received'",
})
@Index('pushes_oldest', ['id'], { where: "state = 'received'" })
export class PushEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  @ForeignKey(() => RepositoryEntity, { name: 'pushes_repository_fkey' })
  repository!: string;

  @Column('text')
  ref!: string;

  @Column('text', { name: 'old_commit' })
  oldCommit!: string;

  @Column('text', { name: 'new_commit' })
  newCommit!: string;

  @Column('text')
  by!: string;

  @Column('text', { default: 'received' })
  state!: PushRow['state'];

  @Column('text', { name: 'run_id', nullable: true })
  runId!: string | null;

  @Column('integer', { nullable: true })
  order!: number | null;

  @Column('jsonb', { nullable: true })
  pipeline!: unknown;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt!: Date | null;
}
