/** A repository behind the git endpoint, and the next place in its order of triggers. */
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('repositories')
export class RepositoryEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('integer', { name: 'next_order', default: 1 })
  nextOrder!: number;
}
