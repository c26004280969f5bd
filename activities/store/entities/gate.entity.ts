/** A question that people answer, with the evidence that was frozen when it was asked. */
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Evidence, GateOutcome } from '../../../workflows/domain/gate.js';
import { RunEntity } from './run.entity.js';

@Entity('gates')
@Index('gates_newest', ['openedAt', 'runId', 'step'])
@Index('gates_open', ['openedAt', 'runId', 'step'], { where: 'outcome IS NULL' })
@Index('gates_closed', ['openedAt', 'runId', 'step'], { where: 'outcome IS NOT NULL' })
export class GateEntity {
  @PrimaryColumn('text', { name: 'run_id' })
  @ForeignKey(() => RunEntity, { name: 'gates_run_id_fkey', onDelete: 'CASCADE' })
  runId!: string;

  @PrimaryColumn('text')
  step!: string;

  @Column('text', { nullable: true })
  stage!: string | null;

  /** Logins and teams; empty means the scope `approve`. */
  @Column('text', { array: true })
  approvers!: string[];

  @Column('integer')
  required!: number;

  @Column('boolean', { name: 'self_approval' })
  selfApproval!: boolean;

  @Column('jsonb')
  evidence!: Evidence;

  @Column('timestamptz', { name: 'opened_at', default: () => 'now()' })
  openedAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** Null while the gate is open. */
  @Column('text', { nullable: true })
  outcome!: GateOutcome | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'closed_at', nullable: true })
  closedAt!: Date | null;
}
