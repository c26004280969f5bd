/** Some text that a step said, at its position among the run's events. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Stream } from '../store.ports.js';
import { RunEntity } from './run.entity.js';

@Entity('log_chunks')
@Check('log_chunks_stream_check', "stream IN ('stdout', 'stderr', 'slipway')")
@Index('log_chunks_step', ['runId', 'step', 'position'])
export class LogChunkEntity {
  @PrimaryColumn('text', { name: 'run_id' })
  @ForeignKey(() => RunEntity, { name: 'log_chunks_run_id_fkey', onDelete: 'CASCADE' })
  runId!: string;

  @PrimaryColumn('bigint')
  position!: number;

  @Column('text')
  step!: string;

  @Column('integer')
  attempt!: number;

  @Column('text')
  stream!: Stream;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  text!: string;
}
