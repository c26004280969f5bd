/** One commit to the GitOps repository that changed a stage. */
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { StageEvent } from '../store.ports.js';

@Entity('stage_history')
@Check('stage_history_kind_check', "kind IN ('deploy', 'rollback', 'putBack')")
@Index('stage_history_newest', ['repository', 'stage', 'id'])
export class StageEventEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  repository!: string;

  @Column('text')
  stage!: string;

  @Column('text', { unique: true })
  revision!: string;

  @Column('text')
  kind!: StageEvent['kind'];

  /** That serves from here on; null when the stage was emptied. */
  @Column('text', { nullable: true })
  digest!: string | null;

  /** The digest that this put back. */
  @Column('text', { nullable: true })
  rejected!: string | null;

  @Column('text', { name: 'run_id' })
  runId!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
