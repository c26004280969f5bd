/** Steps that want more than there is: of output, processes, memory, disk. */
import { type Hostile, must, pipeline, run } from '../entry.js';

const MAX_LOG_BYTES = 16_777_216;
const OWN_WORDS_BYTES = 65_536;

/** 200 MB; the same path as for a gigabyte, and the test of the executor takes that. */
function flood(what: string, command: string): Hostile {
  return {
    tries: `200 MB of output, ${what}: drained, and kept up to the limit`,
    heldBy: 'everywhere',
    happens: async (world) => {
      const text = pipeline({ flood: { run: [command, 'echo >&2; echo after'] } });
      const clone = await world.repository({ '.slipway/pipeline.yaml': text });
      await world.pushed(clone);
      const { id } = await world.expectRun(clone, { status: 'succeeded' });
      const log = await world.log(id, 'flood');
      must(Buffer.byteLength(log) <= MAX_LOG_BYTES + OWN_WORDS_BYTES, 'more was kept than allowed');
      must(log.includes('log limit of 16 MiB reached'), 'the log does not say that it was cut');
      must(
        /\d{9} more bytes of this log were not kept/.test(log),
        'what was left out is not counted',
      );
    },
  };
}

/** Wants more than its limit; every limit is small here. */
function hog(tries: string, command: string, reason: RegExp): Hostile {
  const steps = { hog: { run: command, timeout: '60s', retry: { attempts: 1 } } };
  const ends = { status: 'failed', reasons: { hog: reason } };
  return run({ tries, heldBy: 'sandbox', steps, ends });
}

export const HOGS: Hostile[] = [
  flood('in one endless line', "head -c 200000000 /dev/zero | tr '\\0' x"),
  flood('in lines', '(yes "a line of a log" || :) | head -c 200000000'),
  flood('of escape sequences', "(yes $'\\e]0;\\e[31m\\e' || :) | head -c 200000000"),
  hog('a fork bomb is contained', 'b() { b | b & }; b; sleep 30', /processes|ended|memory/),
  hog(
    'a step that takes all memory is ended',
    'node -e "const a=[];for(;;)a.push(Buffer.alloc(1e7,1))"',
    /memory|SIGKILL/,
  ),
  hog(
    'a step that fills the disk is ended',
    'while :; do yes > f$((++i)) || :; done',
    /disk|File too large|SIGXFSZ/,
  ),
  hog('a step that makes files without end is ended', 'while :; do : > f$((++i)); done', /disk/),
];
