/** One execution of a pipeline, and the position of its last event. */
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Status, Trigger } from '../../../workflows/domain/run.js';
import type { Plan } from '../../../workflows/pipeline/plan.js';
import { RepositoryEntity } from './repository.entity.js';

@Entity('runs')
@Index('runs_order', ['repository', 'order'], { unique: true })
@Index('runs_newest', ['createdAt', 'id'])
@Index('runs_repository', ['repository', 'createdAt', 'id'])
@Index('runs_commit', ['commit', 'createdAt', 'id'])
@Index('runs_branch', ['branch', 'createdAt', 'id'])
@Index('runs_repository_branch', ['repository', 'branch', 'createdAt', 'id'])
@Index('runs_pipeline', ['pipeline', 'createdAt', 'id'])
@Index('runs_open', ['repository', 'status'], { where: 'finished_at IS NULL' })
@Index('runs_finished', ['finishedAt'], { where: 'finished_at IS NOT NULL' })
@Index('runs_status', ['status', 'createdAt', 'id'])
export class RunEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  @ForeignKey(() => RepositoryEntity, { name: 'runs_repository_fkey' })
  repository!: string;

  @Column('text')
  pipeline!: string;

  @Column('text')
  commit!: string;

  @Column('text', { nullable: true })
  branch!: string | null;

  @Column('integer')
  order!: number;

  @Column('jsonb')
  trigger!: Trigger;

  /** Null when lint said no. */
  @Column('jsonb', { nullable: true })
  plan!: Plan | null;

  @Column('text')
  status!: Status;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('bigint', { default: 0 })
  position!: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
