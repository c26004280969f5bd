/** Conversations by any name that whoever asks gave them: the record knows them by UUIDs. */
import { z } from 'zod';
import { idOf } from './ids.js';

const Uuid = z.uuid();

/** A UUID is itself. Any other name is always the same UUID for one person, and never somebody else's. */
export function conversationIdOf(name: string, login: string): string {
  return Uuid.safeParse(name).success ? name : idOf('ask', login, name);
}
