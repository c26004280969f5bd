/** A question or an answer: a node of its conversation's tree. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { TurnRow } from '../store.ports.js';
import { ConversationEntity } from './conversation.entity.js';

const OPEN = "status IN ('queued', 'answering')";

@Entity('turns')
@Check('turns_role_check', "role IN ('user', 'assistant')")
@Check('turns_status_check', "status IN ('queued', 'answering', 'done', 'failed', 'cancelled')")
@Index('turns_conversation', ['conversationId', 'position'])
@Index('turns_parent', ['parentId'])
@Index('turns_age', ['conversationId', 'createdAt'])
@Index('turns_open', ['createdAt'], { where: OPEN })
@Index('turns_by', ['by', 'createdAt', 'id'])
export class TurnEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'conversation_id' })
  @ForeignKey(() => ConversationEntity, {
    name: 'turns_conversation_id_fkey',
    onDelete: 'CASCADE',
  })
  conversationId!: string;

  @Column('uuid', { name: 'parent_id', nullable: true })
  @ForeignKey(() => TurnEntity, { name: 'turns_parent_id_fkey', onDelete: 'SET NULL' })
  parentId!: string | null;

  @Column('text')
  role!: TurnRow['role'];

  @Column('text')
  by!: string;

  @Column('text')
  status!: TurnRow['status'];

  @Column('text', { default: '' })
  text!: string;

  /** UTF-16 code units of the text. */
  @Column('integer', { default: 0 })
  chars!: number;

  @Column('bigint')
  position!: number;

  /** Null once the answer has ended. */
  @Column('jsonb', { nullable: true })
  wish!: unknown;

  @Column('jsonb', { default: {} })
  meta!: Record<string, unknown>;

  @Column('jsonb', { nullable: true })
  failure!: TurnRow['failure'];

  @Column('integer', { nullable: true })
  replica!: number | null;

  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
