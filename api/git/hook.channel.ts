/** The line to the hooks of one push: descriptor 3, inherited through Git. See git.settings.ts. */
import type { Duplex } from 'node:stream';
import { clean } from '../client/narrate.text.js';

/** What a hook may tell, bytes: some thousand ref updates. */
const MAX_CALL_BYTES = 1_048_576;
const END = '\n.\n';

export interface RefUpdate {
  /** 40 digits; zeros for a ref that is created. */
  oldCommit: string;
  /** 40 digits; zeros for a ref that is deleted. */
  newCommit: string;
  ref: string;
}

export interface HookCall {
  hook: 'pre-receive' | 'post-receive';
  /** Where Git keeps the pushed objects until the push is accepted. */
  quarantine: NodeJS.ProcessEnv;
  updates: RefUpdate[];
}

/** Says one line to the person who pushes. */
export type Say = (line: string) => void;

/** The hook's exit code. For pre-receive everything but 0 refuses the whole push. */
export type AnswerHook = (call: HookCall, say: Say) => Promise<number>;

/** Answers the hooks of one push, one after the other, until the line is closed. */
export function answerHooks(line: Duplex, answer: AnswerHook, failed: (error: unknown) => void) {
  let heard = '';
  let isRefused = false;
  const write = (text: string) => {
    if (!line.destroyed && line.writable) line.write(text);
  };
  line.setEncoding('utf8');
  // A line that breaks is a push that ended: the backend's exit tells the rest.
  line.on('error', () => undefined);
  line.on('data', (text: string) => {
    // What follows a refusal is the rest of the same call: it is read, and never taken for a new one.
    if (isRefused) return;
    heard += text;
    if (heard.length > MAX_CALL_BYTES) {
      heard = '';
      isRefused = true;
      write('+ this push updates too many refs at once; push them in parts\n= 1\n');
      return;
    }
    if (!heard.endsWith(END)) return;
    const call = parseCall(heard);
    heard = '';
    answer(call, (said) => write(`+ ${clean(said)}\n`)).then(
      (code) => write(`= ${code}\n`),
      (error: unknown) => {
        failed(error);
        write('+ Slipway made a mistake; its log says which\n= 1\n');
      },
    );
  });
}

/** Exported for its tests. */
export function parseCall(text: string): HookCall {
  const [hook, objects, alternates, ...lines] = text.slice(0, -END.length).split('\n');
  if (hook !== 'pre-receive' && hook !== 'post-receive') throw new Error(`no hook "${hook}"`);
  const updates = lines.map((line): RefUpdate => {
    const [oldCommit = '', newCommit = '', ...ref] = line.split(' ');
    return { oldCommit, newCommit, ref: ref.join(' ') };
  });
  const quarantine = objects
    ? { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates }
    : {};
  return { hook, quarantine, updates };
}
