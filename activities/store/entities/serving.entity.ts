/** What is served under a name. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { ServingRow } from '../store.ports.js';
import { ModelEntity } from './model.entity.js';

@Entity('servings')
@Check('servings_slot_check', "slot IN ('champion', 'challenger')")
@Check('servings_share_check', 'share BETWEEN 0 AND 100')
@Index('servings_model', ['model'])
@Index('servings_adapter', ['adapter'])
export class ServingEntity {
  @PrimaryColumn('text')
  name!: string;

  @PrimaryColumn('text')
  slot!: ServingRow['slot'];

  @Column('text')
  @ForeignKey(() => ModelEntity, { name: 'servings_model_fkey' })
  model!: string;

  @Column('text', { nullable: true })
  @ForeignKey(() => ModelEntity, { name: 'servings_adapter_fkey' })
  adapter!: string | null;

  /** Percent of the champion's requests that the challenger gets. */
  @Column('integer', { default: 0 })
  share!: number;

  @Column('integer')
  version!: number;

  @Column('text', { name: 'changed_by' })
  changedBy!: string;

  @Column('timestamptz', { name: 'changed_at', default: () => 'now()' })
  changedAt!: Date;
}
