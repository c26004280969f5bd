/** A stage as the target reports it, and its queue as the stage's workflow reports it. */
import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { StageRow } from '../store.ports.js';
import { RepositoryEntity } from './repository.entity.js';

@Entity('stages')
@Check('stages_health_check', "health IN ('healthy', 'progressing', 'degraded', 'absent')")
export class StageEntity {
  @PrimaryColumn('text')
  @ForeignKey(() => RepositoryEntity, { name: 'stages_repository_fkey' })
  repository!: string;

  @PrimaryColumn('text')
  name!: string;

  @Column('text', { nullable: true })
  url!: string | null;

  /** Of the GitOps repository, that the target has followed. */
  @Column('text', { nullable: true })
  revision!: string | null;

  /** Of the release that serves; null when nothing does. */
  @Column('text', { nullable: true })
  digest!: string | null;

  @Column('text', { default: 'absent' })
  health!: StageRow['health'];

  @Column('text', { default: '' })
  message!: string;

  @Column('timestamptz', { name: 'observed_at', nullable: true })
  observedAt!: Date | null;

  @Column('jsonb', { default: [] })
  queue!: StageRow['queue'];
}
