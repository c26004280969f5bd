/** A node of a run's graph, and the position of the run event that changed it last. */
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Status } from '../../../workflows/domain/run.js';
import type { StepResult } from '../../../workflows/domain/step.js';
import { RunEntity } from './run.entity.js';

@Entity('steps')
@Index('steps_position', ['runId', 'position'])
export class StepEntity {
  @PrimaryColumn('text', { name: 'run_id' })
  @ForeignKey(() => RunEntity, { name: 'steps_run_id_fkey', onDelete: 'CASCADE' })
  runId!: string;

  @PrimaryColumn('text')
  name!: string;

  /** Place in the file. */
  @Column('integer')
  index!: number;

  @Column('text')
  kind!: string;

  @Column('text')
  status!: Status;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { nullable: true })
  summary!: string | null;

  @Column('integer', { name: 'exit_code', nullable: true })
  exitCode!: number | null;

  @Column('text', { nullable: true })
  signal!: string | null;

  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('jsonb', { nullable: true })
  result!: StepResult | null;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('bigint', { default: 0 })
  position!: number;
}
