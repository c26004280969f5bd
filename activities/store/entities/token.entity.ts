/** A token: we keep the sha256 of its 256 random bits, never the token. */
import { Check, Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Scope } from '../store.ports.js';
import { UserEntity } from './user.entity.js';

@Entity('tokens')
@Index('tokens_hash', ['hash'], { unique: true })
@Index('tokens_login', ['login'])
@Index('tokens_newest', ['createdAt', 'id'])
@Check('tokens_requests_per_minute_check', 'requests_per_minute > 0')
@Check('tokens_tokens_per_minute_check', 'tokens_per_minute > 0')
export class TokenEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  @ForeignKey(() => UserEntity, { name: 'tokens_login_fkey' })
  login!: string;

  @Column('text')
  name!: string;

  @Column('bytea', { select: false })
  hash!: Buffer;

  @Column('text', { array: true })
  scopes!: Scope[];

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  /** Noted at most once a minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('integer', { name: 'requests_per_minute', nullable: true })
  requestsPerMinute!: number | null;

  @Column('integer', { name: 'tokens_per_minute', nullable: true })
  tokensPerMinute!: number | null;
}
