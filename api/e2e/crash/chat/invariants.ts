/** What must be true of chat after a play, whatever was killed. Pure: facts in, sentences out. */
import type { Killed } from '../victims.js';
import type { ChatFacts, TurnFact } from './outside.js';
import { WHOLE, wrongIn } from './pages.js';
import type { ChatSaid } from './said.js';

/** Whose deaths cost an answer one of its tries. */
const MAKERS = ['engine', 'api'];
/** Tries of an answer: with fewer deaths than this it must not fail. */
const TRIES = 5;
/** Why an answer may fail whose makers died more often. */
const LOSSES = ['engine-lost', 'model-not-ready', 'answer-lost'];

export interface ChatPlay {
  said: ChatSaid;
  killed: readonly Killed[];
}

type Check = (facts: ChatFacts, play: ChatPlay) => string[];

const CHECKS: readonly Check[] = [
  questionsHaveOneAnswer,
  asksHaveOneAnswer,
  nothingElseWasSaid,
  answersEndRight,
  readersHadEveryLetter,
  theApiSaysTheSame,
  ticketsAreThereOnce,
  nothingIsLeft,
];

/** Every violation as a sentence; empty when all is well. */
export function chatViolations(facts: ChatFacts, play: ChatPlay): string[] {
  return CHECKS.flatMap((check) => check(facts, play));
}

function questionsHaveOneAnswer({ turns }: ChatFacts, { said }: ChatPlay): string[] {
  return said.questions.flatMap(({ questionId, answerId, text }) => {
    const asked = turns.filter(({ id }) => id === questionId);
    if (asked.length !== 1) return [`the question "${text}" is there ${asked.length} times`];
    const found = asked[0]?.text === text ? [] : [`the question "${text}" has another text`];
    const answers = turns.filter(({ parentId, role }) => parentId === questionId && isAnswer(role));
    if (answers.length === 1 && answers[0]?.id === answerId) return found;
    return [...found, `the question "${text}" has ${answers.length} answers`];
  });
}

/** A try that nobody acknowledged may have been heard, and then it has its answer, too. */
function asksHaveOneAnswer({ turns }: ChatFacts, { said }: ChatPlay): string[] {
  return said.asks.flatMap(({ by, conversationId, text, answer }) => {
    const of = turns.filter((turn) => turn.conversationId === conversationId);
    if (of.length === 0 && answer === undefined) return [];
    const name = `what ${by} asked ("${text}")`;
    const questions = of.filter(({ role }) => !isAnswer(role));
    const answers = of.filter(({ role }) => isAnswer(role));
    if (questions.length !== 1 || answers.length !== 1) {
      return [`${name} is there ${questions.length} times, with ${answers.length} answers`];
    }
    const found = answers[0]?.parentId === questions[0]?.id ? [] : [`${name} is not answered`];
    if (questions[0]?.text !== text) found.push(`${name} has another text`);
    if (answer === undefined || answer === answers[0]?.text) return found;
    return [...found, `${name} was answered otherwise than it is stored`];
  });
}

function nothingElseWasSaid({ turns }: ChatFacts, { said }: ChatPlay): string[] {
  const known = new Set(
    said.questions.flatMap(({ questionId, answerId }) => [questionId, answerId]),
  );
  const asks = new Set(said.asks.map(({ conversationId }) => conversationId));
  const found = turns
    .filter(({ id, conversationId }) => !known.has(id) && !asks.has(conversationId))
    .map((turn) => `nobody knows of ${nameOf(turn)}`);
  const places = turns.map(({ conversationId, position }) => `${conversationId} ${position}`);
  if (new Set(places).size < places.length) found.push('two turns have the same position');
  return found;
}

function answersEndRight({ turns }: ChatFacts, { said, killed }: ChatPlay): string[] {
  const deaths = killed.filter(({ victim }) => MAKERS.includes(victim)).length;
  return turns
    .filter(({ role }) => isAnswer(role))
    .flatMap((turn) => {
      const { id, status, text, chars, failure } = turn;
      const name = nameOf(turn);
      const found =
        chars === text.length ? [] : [`${name} has ${text.length} letters, not ${chars}`];
      const wrong = wrongIn(text);
      if (wrong !== undefined) found.push(`${name} is wrong from ${wrong}`);
      const stopped = said.questions.find(({ answerId }) => answerId === id)?.stopped;
      if (stopped && stopped.status !== status) {
        found.push(`${name} was said to be ${stopped.status} by who stopped it, and is ${status}`);
      }
      if (status === 'done') {
        if (text.length < WHOLE.length) found.push(`${name} ends after letter ${text.length}`);
      } else if (status === 'failed') {
        const isFair = deaths >= TRIES && LOSSES.includes(failure?.code ?? '');
        if (!isFair) found.push(`${name} failed: ${failure?.code} ${failure?.message}`);
      } else if (status !== 'cancelled') found.push(`${name} is still ${status}`);
      else if (!stopped) found.push(`${name} is cancelled, and nobody wanted that`);
      return found;
    });
}

function readersHadEveryLetter({ turns }: ChatFacts, { said }: ChatPlay): string[] {
  return said.questions.flatMap(({ answerId, seen }) => {
    const turn = turns.find(({ id }) => id === answerId);
    if (!turn || !seen) return [];
    const isSame = turn.text === seen.text && turn.status === seen.status;
    if (isSame) return [];
    const had = `${seen.status} with ${seen.text.length} letters`;
    return [`${nameOf(turn)} was read as ${had}: it is ${turn.status} with ${turn.text.length}`];
  });
}

function theApiSaysTheSame({ turns, tickets, told }: ChatFacts): string[] {
  return told.flatMap(({ id, status, text }) => {
    const turn = turns.find((each) => each.id === id);
    const ticket = tickets.find((each) => each.id === id);
    const isSame = turn
      ? turn.status === status && turn.text === text
      : ticket?.status === status && ticket.subject === text;
    return isSame ? [] : [`the API says of ${id} what the record does not`];
  });
}

function ticketsAreThereOnce({ tickets }: ChatFacts, { said }: ChatPlay): string[] {
  return said.tickets.flatMap(({ id, by, subject, status }) => {
    const of = tickets.filter((each) => each.subject === subject);
    if (of.length !== 1 || of[0]?.id !== id || of[0].by !== by) {
      return [`the ticket "${subject}" of ${by} is there ${of.length} times`];
    }
    if (of[0].status === status) return [];
    return [`the ticket "${subject}" is ${of[0].status}, and was said to be ${status}`];
  });
}

function nothingIsLeft({ unended, strays }: ChatFacts): string[] {
  return [
    ...unended.map((id) => `answer ${id} does not end`),
    ...strays.map((stray) => `an engine without its API: ${stray}`),
  ];
}

function isAnswer(role: string): boolean {
  return role === 'assistant';
}

function nameOf({ id, role, status }: TurnFact): string {
  return `${isAnswer(role) ? 'answer' : 'question'} ${id} (${status})`;
}
