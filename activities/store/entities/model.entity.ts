/** A model file in the artifact store, by name. */
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { ModelRow } from '../store.ports.js';

@Entity('models')
@Check('models_kind_check', "kind IN ('base', 'adapter')")
export class ModelEntity {
  @PrimaryColumn('text')
  name!: string;

  /** Of the GGUF. */
  @Column('text')
  digest!: string;

  @Column('bigint')
  bytes!: number;

  /** Without credentials. */
  @Column('text')
  source!: string;

  @Column('text')
  kind!: ModelRow['kind'];

  /** What the GGUF says of itself. */
  @Column('jsonb')
  metadata!: Record<string, unknown>;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
