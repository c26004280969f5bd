/** A process that makes answers. */
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('replicas')
export class ReplicaEntity {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  number!: number;

  @Column('text')
  name!: string;

  @Column('timestamptz', { name: 'joined_at', default: () => 'now()' })
  joinedAt!: Date;

  @Column('timestamptz', { name: 'lost_at', nullable: true })
  lostAt!: Date | null;
}
