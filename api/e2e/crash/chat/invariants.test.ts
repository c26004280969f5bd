/** The checks of chat notice what they are there for: each is shown one lie. */
import { describe, expect, it } from '@jest/globals';
import type { Victim } from '../victims.js';
import { type ChatPlay, chatViolations } from './invariants.js';
import type { ChatFacts, TurnFact } from './outside.js';
import { WHOLE } from './pages.js';

const HALF = WHOLE.slice(0, 2_500);

interface Shown {
  facts: ChatFacts;
  play: ChatPlay & { killed: ChatPlay['killed'][number][] };
}

/** A question with its answer, one that was stopped, two tries of an ask, and a ticket; all is well. */
function good(): Shown {
  const of = (conversationId: string, position: number, more: Partial<TurnFact>): TurnFact => {
    const turn = { parentId: null, role: 'user', status: 'done', text: 'go', failure: null };
    const made = { id: `${conversationId}-${position}`, conversationId, position, chars: 0 };
    const whole = { ...made, ...turn, ...more };
    return { ...whole, chars: whole.text.length };
  };
  const answer = (parentId: string, text = WHOLE) => ({ parentId, role: 'assistant', text });
  const facts: ChatFacts = {
    turns: [
      of('c', 1, {}),
      of('c', 2, answer('c-1')),
      of('c', 3, { text: 'stop' }),
      of('c', 4, { ...answer('c-3', HALF), status: 'cancelled' }),
      of('lost', 1, { text: 'ask' }),
      of('lost', 2, answer('lost-1')),
      of('heard', 1, { text: 'ask' }),
      of('heard', 2, answer('heard-1')),
    ],
    tickets: [{ id: 't-1', by: 'ann', subject: 'lost', status: 'closed' }],
    told: [
      { id: 'c-2', status: 'done', text: WHOLE },
      { id: 't-1', status: 'closed', text: 'lost' },
    ],
    unended: [],
    strays: [],
  };
  const by = 'ann';
  const said: ChatPlay['said'] = {
    questions: [
      {
        ...{ by, conversationId: 'c', questionId: 'c-1', answerId: 'c-2', text: 'go' },
        seen: { status: 'done', text: WHOLE },
      },
      {
        ...{ by, conversationId: 'c', questionId: 'c-3', answerId: 'c-4', text: 'stop' },
        ...{ seen: { status: 'cancelled', text: HALF }, stopped: { status: 'cancelled' } },
      },
    ],
    asks: [
      { by, conversationId: 'never heard', text: 'ask' },
      { by, conversationId: 'lost', text: 'ask' },
      { by, conversationId: 'heard', text: 'ask', answer: WHOLE },
    ],
    tickets: [{ by, id: 't-1', subject: 'lost', status: 'closed' }],
  };
  return { facts, play: { said, killed: [] } };
}

function after(lie: (shown: Shown) => void): string {
  const shown = good();
  lie(shown);
  return chatViolations(shown.facts, shown.play).join('\n');
}

function turn({ facts }: Shown, id: string): TurnFact {
  const found = facts.turns.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no turn "${id}"`);
  return found;
}

/** Everywhere: in the record, and as it was read. */
function says(shown: Shown, text: string): void {
  Object.assign(turn(shown, 'c-2'), { text, chars: text.length });
  shown.facts.told[0]!.text = text;
  shown.play.said.questions[0]!.seen!.text = text;
}

function fails(shown: Shown, code: string): void {
  const failure = { code, message: 'it died' };
  Object.assign(turn(shown, 'c-2'), { status: 'failed', text: HALF, chars: HALF.length, failure });
  Object.assign(shown.facts.told[0]!, { status: 'failed', text: HALF });
  shown.play.said.questions[0]!.seen = { status: 'failed', text: HALF };
}

function kills({ play }: Shown, victim: Victim, times: number): void {
  for (let pid = 1; pid <= times; pid++) play.killed.push({ victim, pid, atMs: 0 });
}

describe('the invariants of chat', () => {
  it('have nothing to say when all is well', () => {
    expect(after(() => {})).toBe('');
  });

  it.each<[string, Parameters<typeof after>[0], RegExp]>([
    [
      'a question that was acknowledged and is not there',
      ({ facts }) => facts.turns.splice(0, 2),
      /the question "go" is there 0 times/,
    ],
    [
      'a second answer',
      (shown) => {
        const again = { ...turn(shown, 'c-2'), id: 'c-5', position: 5 };
        shown.facts.turns.push(again);
      },
      /"go" has 2 answers\nnobody knows of answer c-5/,
    ],
    [
      'a question that was said twice',
      (shown) => {
        shown.facts.turns.push({ ...turn(shown, 'c-1'), id: 'c-5', position: 5 });
      },
      /nobody knows of question c-5/,
    ],
    [
      'two turns in one place',
      (shown) => (turn(shown, 'c-3').position = 2),
      /two turns have the same position/,
    ],
    [
      'an ask that was answered and is not there',
      ({ facts }) => facts.turns.splice(6, 2),
      /what ann asked \("ask"\) is there 0 times/,
    ],
    [
      'an ask that is there twice',
      (shown) => {
        shown.facts.turns.push({ ...turn(shown, 'heard-1'), id: 'heard-3', position: 3 });
      },
      /is there 2 times, with 1 answers/,
    ],
    [
      'an ask that was told something else',
      ({ play }) => (play.said.asks[2]!.answer = HALF),
      /was answered otherwise than it is stored/,
    ],
    [
      'a try that nobody acknowledged, and whose answer is lost',
      ({ facts }) => facts.turns.splice(5, 1),
      /is there 1 times, with 0 answers/,
    ],
    [
      'a letter that is lost',
      (shown) => says(shown, WHOLE.replace('0007.', '007.')),
      /answer c-2 \(done\) is wrong from letter 32 of 4999: .*0006\.007\./,
    ],
    [
      'a page that came twice',
      (shown) => says(shown, WHOLE.replace('0007.', '0007.0007.')),
      /wrong from letter 38 of 5005/,
    ],
    ['an answer that ends early', (shown) => says(shown, HALF), /ends after letter 2500/],
    ['a count that is wrong', (shown) => (turn(shown, 'c-2').chars = 3), /5000 letters, not 3/],
    [
      'an answer that stands still',
      (shown) => (turn(shown, 'lost-2').status = 'answering'),
      /lost-2 \(answering\) is still answering/,
    ],
    [
      'a stop that nobody wanted',
      (shown) => (turn(shown, 'lost-2').status = 'cancelled'),
      /lost-2 .* nobody wanted that/,
    ],
    [
      'a stop that was forgotten',
      ({ play }) => (play.said.questions[1]!.stopped = { status: 'done' }),
      /c-4 .* was said to be done by who stopped it, and is cancelled/,
    ],
    [
      'an answer that failed after few deaths',
      (shown) => {
        fails(shown, 'engine-lost');
        kills(shown, 'engine', 4);
      },
      /c-2 \(failed\) failed: engine-lost it died/,
    ],
    [
      'an answer that failed without a known reason',
      (shown) => {
        fails(shown, 'bug');
        kills(shown, 'engine', 5);
      },
      /failed: bug/,
    ],
    [
      'a reader who had another text',
      ({ play }) => (play.said.questions[0]!.seen!.text = HALF),
      /was read as done with 2500 letters: it is done with 5000/,
    ],
    [
      'an API that says another text',
      ({ facts }) => (facts.told[0]!.text = HALF),
      /the API says of c-2 what the record does not/,
    ],
    [
      'a ticket that is lost',
      ({ facts }) => (facts.tickets = []),
      /"lost" of ann is there 0 times/,
    ],
    [
      'a ticket that was opened twice',
      ({ facts }) => facts.tickets.push({ ...facts.tickets[0]!, id: 't-2' }),
      /"lost" of ann is there 2 times/,
    ],
    [
      'a status that was lost',
      ({ facts }) => {
        facts.tickets[0]!.status = 'open';
        facts.told[1]!.status = 'open';
      },
      /"lost" is open, and was said to be closed/,
    ],
    ['an answer of nobody that does not end', ({ facts }) => facts.unended.push('x'), /x does not/],
    ['an engine that is left', ({ facts }) => facts.strays.push('7'), /without its API: 7/],
  ])('notice %s', (_what, lie, words) => {
    expect(after(lie)).toMatch(words);
  });

  it('let an answer fail whose engine died in each of its tries', () => {
    const words = after((shown) => {
      fails(shown, 'engine-lost');
      kills(shown, 'engine', 5);
    });
    expect(words).toBe('');
  });
});
