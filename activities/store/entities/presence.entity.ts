/** Who looks at a conversation, through which replica, in how many tabs. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ConversationEntity } from './conversation.entity.js';
import { ReplicaEntity } from './replica.entity.js';

@Entity('presences')
@Check('presences_tabs_check', 'tabs > 0')
@Index('presences_replica', ['replica'])
@Index('presences_login', ['login'])
export class PresenceEntity {
  @PrimaryColumn('uuid', { name: 'conversation_id' })
  @ForeignKey(() => ConversationEntity, {
    name: 'presences_conversation_id_fkey',
    onDelete: 'CASCADE',
  })
  conversationId!: string;

  @PrimaryColumn('integer')
  @ForeignKey(() => ReplicaEntity, { name: 'presences_replica_fkey', onDelete: 'CASCADE' })
  replica!: number;

  @PrimaryColumn('text')
  login!: string;

  @Column('integer')
  tabs!: number;

  @Column('timestamptz', { name: 'typing_until', nullable: true })
  typingUntil!: Date | null;
}
