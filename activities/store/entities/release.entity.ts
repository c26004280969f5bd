/** The immutable thing that moves, by its digest. */
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Artifact } from '../../../workflows/domain/release.js';
import { RepositoryEntity } from './repository.entity.js';

@Entity('releases')
@Index('releases_newest', ['createdAt', 'digest'])
@Index('releases_repository', ['repository', 'createdAt', 'digest'])
export class ReleaseEntity {
  @PrimaryColumn('text')
  digest!: string;

  @Column('text')
  @ForeignKey(() => RepositoryEntity, { name: 'releases_repository_fkey' })
  repository!: string;

  @Column('text')
  commit!: string;

  @Column('text', { name: 'run_id' })
  runId!: string;

  @Column('jsonb')
  artifacts!: Artifact[];

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
