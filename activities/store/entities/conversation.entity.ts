/** A conversation, and the position of the last change of one of its turns. */
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { ConversationRow } from '../store.ports.js';

@Entity('conversations')
@Check('conversations_kind_check', "kind IN ('private', 'room')")
@Check('conversations_retention_check', "retention IN ('default', 'year', 'legal')")
@Index('conversations_owner', ['owner', 'id'])
@Index('conversations_private', ['owner', 'updatedAt', 'id'], { where: "kind = 'private'" })
@Index('conversations_rooms', ['updatedAt', 'id'], { where: "kind = 'room'" })
@Index('conversations_retention', ['retention', 'oldestAt'])
export class ConversationEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  kind!: ConversationRow['kind'];

  @Column('text')
  owner!: string;

  @Column('text', { default: '' })
  title!: string;

  @Column('text', { default: 'default' })
  retention!: ConversationRow['retention'];

  @Column('bigint', { default: 0 })
  position!: number;

  /** No turn in it is older. */
  @Column('timestamptz', { name: 'oldest_at', default: () => 'now()' })
  oldestAt!: Date;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
