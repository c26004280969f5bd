/** What somebody thinks of an answer. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { RatingRow } from '../store.ports.js';
import { TurnEntity } from './turn.entity.js';

@Entity('feedback')
@Check('feedback_thumb_check', "thumb IN ('up', 'down')")
@Index('feedback_by', ['by', 'turnId'])
export class FeedbackEntity {
  @PrimaryColumn('uuid', { name: 'turn_id' })
  @ForeignKey(() => TurnEntity, { name: 'feedback_turn_id_fkey', onDelete: 'CASCADE' })
  turnId!: string;

  @PrimaryColumn('text')
  by!: string;

  @Column('text')
  thumb!: RatingRow['thumb'];

  @Column('text', { nullable: true })
  comment!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
