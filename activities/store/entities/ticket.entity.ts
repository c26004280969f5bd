/** A ticket that is kept in our own store. */
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('tickets')
@Index('tickets_newest', ['createdAt', 'id'])
@Index('tickets_status', ['status', 'createdAt', 'id'])
@Index('tickets_channel', ['channel', 'createdAt', 'id'])
@Index('tickets_status_channel', ['status', 'channel', 'createdAt', 'id'])
@Index('tickets_created_by', ['createdBy', 'createdAt', 'id'])
@Index('tickets_retention', ['updatedAt'])
export class TicketEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  status!: string;

  @Column('text')
  channel!: string;

  @Column('text')
  subject!: string;

  @Column('text')
  body!: string;

  /** Kept when the conversation is gone. */
  @Column('uuid', { name: 'conversation_id', nullable: true })
  conversationId!: string | null;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  @Column('jsonb', { default: {} })
  extra!: Record<string, unknown>;
}
