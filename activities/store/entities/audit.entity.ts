/** One command or decision: who did what to what. */
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('audit')
export class AuditEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;

  @Column('text')
  by!: string;

  /** Like run.start, run.cancel, gate.approve, token.revoke. */
  @Column('text')
  action!: string;

  /** Like run/chat-app-12. */
  @Column('text')
  subject!: string;

  @Column('jsonb', { default: {} })
  detail!: Record<string, unknown>;
}
