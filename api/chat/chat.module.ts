import { Module } from '@nestjs/common';
import { GenerationModule } from '../generation/generation.module.js';
import { AskAnswers } from './ask.answers.js';
import { AskController } from './ask.controller.js';
import { AskNews } from './ask.news.js';
import { AskService } from './ask.service.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsService } from './conversations.service.js';
import { Rooms } from './rooms.js';
import { ServedModels } from './served.js';
import { SocketDoor } from './socket.door.js';
import { SOCKET_LIMITS, SOCKET_LIMITS_TOKEN } from './socket.limits.js';
import { SocketMessages } from './socket.messages.js';
import { Sockets } from './sockets.js';
import { TurnsController } from './turns.controller.js';
import { Turns } from './turns.js';
import { TURN_LIMITS, TURN_LIMITS_TOKEN } from './turns.limits.js';
import { TurnsService } from './turns.service.js';
import { TurnsStreams } from './turns.streams.js';

@Module({
  imports: [GenerationModule],
  controllers: [ConversationsController, TurnsController, AskController],
  providers: [
    { provide: TURN_LIMITS_TOKEN, useValue: TURN_LIMITS },
    { provide: SOCKET_LIMITS_TOKEN, useValue: SOCKET_LIMITS },
    ServedModels,
    ConversationsService,
    Turns,
    TurnsService,
    TurnsStreams,
    AskNews,
    AskAnswers,
    AskService,
    Rooms,
    SocketMessages,
    Sockets,
    SocketDoor,
  ],
  exports: [ServedModels, ConversationsService, Turns, TurnsService],
})
export class ChatModule {}
