/**
 * Answers questions: with the model that the stage offers, else from a script. The script is NOT a
 * model: it knows a few topics, looks for their words in the question and gives the answer that is
 * written beside them. The same question, the same answer.
 */
import { askModel } from './model.js';

export const NAME = 'Pilot';

const TOPICS = [
  {
    topic: 'greeting',
    words: ['hello', 'hi', 'hey', 'bonjour', 'salut', 'morning'],
    answer: 'Hello! I am Pilot, a small script. Ask me about this chat, Slipway or releases.',
  },
  {
    topic: 'slipway',
    words: ['slipway', 'pipeline', 'delivery', 'deliver', 'ci'],
    answer:
      'Slipway turns a push into a release: build, scan, deploy, check, and a person who says yes.',
  },
  {
    topic: 'rollback',
    words: ['rollback', 'revert', 'back', 'broken', 'undo'],
    answer: 'A release that fails its checks is put back: the one before it serves again.',
  },
  {
    topic: 'release',
    words: ['release', 'version', 'deploy', 'deployed', 'staging', 'production'],
    answer: 'A release is a commit with its archives, named by digest. The footer shows which runs.',
  },
  {
    topic: 'chat',
    words: ['chat', 'message', 'messages', 'history', 'users', 'websocket'],
    answer: 'This chat keeps its last 200 messages in memory and sends new ones over a WebSocket.',
  },
  {
    topic: 'self',
    words: ['who', 'you', 'model', 'ai', 'llm', 'robot', 'bot'],
    answer: 'I am a script with a handful of prepared answers: no model answers just now.',
  },
];

const UNKNOWN = {
  topic: 'unknown',
  answer: 'That is not in my script. Try: chat, release, rollback or Slipway.',
};

/** The topic with the most words in the question; the earlier one when two have as many. */
export function respond(question) {
  const asked = new Set(question.toLowerCase().match(/\p{L}+/gu) ?? []);
  let best = { ...UNKNOWN, score: 0 };
  for (const { topic, words, answer } of TOPICS) {
    const score = words.filter((word) => asked.has(word)).length;
    if (score > best.score) best = { topic, answer, score };
  }
  return { responder: 'scripted', name: NAME, topic: best.topic, answer: best.answer };
}

/** From the model where there is one; `responder` says who spoke. */
export async function answerTo(question, env = process.env) {
  const said = await askModel(question, env);
  return said === undefined ? respond(question) : { responder: 'model', name: NAME, ...said };
}

/** Whether a chat message is meant for the responder: it is named, or somebody asks. */
export function isAsked(text) {
  return /@pilot\b/i.test(text) || text.trimEnd().endsWith('?');
}
