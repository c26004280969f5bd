/** What people were told by chat, to be compared with what is true. */
import type { TicketStatus } from '../../../client/wire.tickets.js';

/** A question that was acknowledged. */
export interface QuestionSaid {
  by: string;
  conversationId: string;
  questionId: string;
  answerId: string;
  text: string;
  /** What its reader had at the end of the stream; undefined while there is no end. */
  seen?: { status: string; text: string };
  /** What whoever stopped it was told of it. */
  stopped?: { status: string };
}

/** One try of `POST /ask`, each with a conversation of its own. */
export interface AskSaid {
  by: string;
  conversationId: string;
  text: string;
  /** Undefined: whether it was heard is not known. */
  answer?: string;
}

export interface TicketSaid {
  by: string;
  id: string;
  subject: string;
  /** That was acknowledged last. */
  status: TicketStatus;
}

export interface ChatSaid {
  questions: QuestionSaid[];
  asks: AskSaid[];
  tickets: TicketSaid[];
}

export function nothingSaid(): ChatSaid {
  return { questions: [], asks: [], tickets: [] };
}
