/** What a person asks, cleaned: what cannot be seen is gone, and what cannot be text is refused. */
import { MAX_QUESTION_CHARS } from '../client/wire.chat.js';
import { BadInput } from '../platform/errors.js';

/** All control characters but tab and line feed; NUL with them. */
const CONTROLS = /(?![\t\n])\p{Cc}/gu;
/** Turns the direction of what is shown around, or hides in it. */
const INVISIBLE = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** @throws {BadInput} when nothing is left, too much is left, or half a character is in it. */
export function cleanQuestion(question: string): string {
  if (!question.isWellFormed()) throw wrong('holds half a character: send well-formed Unicode');
  const text = question
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(CONTROLS, '')
    .replaceAll(INVISIBLE, '')
    .trim();
  if (text === '') throw wrong('must hold a question');
  if (text.length > MAX_QUESTION_CHARS) {
    throw wrong(`has ${text.length} characters, and ${MAX_QUESTION_CHARS} are allowed`);
  }
  return text;
}

function wrong(message: string): BadInput {
  return new BadInput([{ field: 'question', message }]);
}
