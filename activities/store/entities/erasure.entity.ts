/** That somebody was erased: the proof of it, without content. */
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

@Entity('erasures')
@Index('erasures_newest', ['createdAt', 'id'])
@Index('erasures_login', ['login', 'createdAt', 'id'])
export class ErasureEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  login!: string;

  @Column('text', { name: 'asked_by' })
  askedBy!: string;

  @Column('jsonb')
  report!: { erased: Record<string, number>; left: Record<string, number> };

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
