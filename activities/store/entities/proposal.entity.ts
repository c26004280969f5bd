/** What the assistant proposed, and who let it happen. */
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('proposals')
@Check('proposals_state_check', "state IN ('open', 'begun', 'done', 'refused', 'discarded')")
@Index('proposals_by', ['by', 'createdAt', 'id'])
export class ProposalEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  by!: string;

  @Column('jsonb')
  actions!: unknown;

  @Column('text', { default: 'open' })
  state!: string;

  @Column('jsonb', { default: [] })
  results!: unknown;

  @Column('text', { name: 'decided_by', nullable: true })
  decidedBy!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;
}
