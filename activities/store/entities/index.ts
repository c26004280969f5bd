/** All tables of the record. The drift test compares them with what the migrations make. */
import { AuditEntity } from './audit.entity.js';
import { ConversationEntity } from './conversation.entity.js';
import { DecisionEntity } from './decision.entity.js';
import { ErasureEntity } from './erasure.entity.js';
import { FeedbackEntity } from './feedback.entity.js';
import { GateEntity } from './gate.entity.js';
import { LogChunkEntity } from './log-chunk.entity.js';
import { ModelEntity } from './model.entity.js';
import { PresenceEntity } from './presence.entity.js';
import { ProposalEntity } from './proposal.entity.js';
import { PushEntity } from './push.entity.js';
import { ReleaseEntity } from './release.entity.js';
import { ReplicaEntity } from './replica.entity.js';
import { RepositoryEntity } from './repository.entity.js';
import { RunEntity } from './run.entity.js';
import { SecretEntity } from './secret.entity.js';
import { ServingEntity } from './serving.entity.js';
import { StageEntity } from './stage.entity.js';
import { StageEventEntity } from './stage-event.entity.js';
import { StepEntity } from './step.entity.js';
import { TicketEntity } from './ticket.entity.js';
import { TokenEntity } from './token.entity.js';
import { TurnEntity } from './turn.entity.js';
import { UsageEntity } from './usage.entity.js';
import { UserEntity } from './user.entity.js';

export const entities = [
  UserEntity,
  TokenEntity,
  RepositoryEntity,
  PushEntity,
  RunEntity,
  StepEntity,
  LogChunkEntity,
  GateEntity,
  DecisionEntity,
  ReleaseEntity,
  StageEntity,
  StageEventEntity,
  AuditEntity,
  SecretEntity,
  ModelEntity,
  ServingEntity,
  ConversationEntity,
  TurnEntity,
  ReplicaEntity,
  PresenceEntity,
  FeedbackEntity,
  TicketEntity,
  UsageEntity,
  ErasureEntity,
  ProposalEntity,
];
