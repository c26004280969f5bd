/** One answer at a gate, by one person. */
import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { Decision } from '../../../workflows/domain/gate.js';
import { GateEntity } from './gate.entity.js';

@Entity('decisions')
@ForeignKey(() => GateEntity, ['runId', 'step'], ['runId', 'step'], {
  name: 'decisions_run_id_step_fkey',
  onDelete: 'CASCADE',
})
export class DecisionEntity {
  @PrimaryColumn('text', { name: 'run_id' })
  runId!: string;

  @PrimaryColumn('text')
  step!: string;

  @PrimaryColumn('text')
  login!: string;

  @Column('text')
  answer!: Decision['answer'];

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
