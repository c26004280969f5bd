/** What a subject used in one window. */
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('usage')
@Index('usage_old', ['startsAt'])
export class UsageEntity {
  /** `user:<login>` or `token:<id>`. */
  @PrimaryColumn('text')
  subject!: string;

  @PrimaryColumn('timestamptz', { name: 'starts_at' })
  startsAt!: Date;

  @Column('bigint', { default: 0 })
  requests!: number;

  @Column('bigint', { default: 0 })
  tokens!: number;
}
