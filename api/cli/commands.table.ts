/** All commands: names, arguments and options. What a command does is loaded when it is called. */
import { CHAT_COMMANDS } from './commands/chat.table.js';
import type { Context, Result } from './io.js';

/** What was written after the command's name. */
export interface Given<Options> {
  args: (string | undefined)[];
  options: Options;
}
type Action<Options> = (context: Context, given: Given<Options>) => Promise<Result>;

export interface Spec {
  /** The word before the command's name, and what its commands are about. */
  group?: [name: string, description: string];
  /** As commander writes it: `show <run>`. */
  usage: string;
  description: string;
  /** `[flags, description]`; a flag written `+--input <k=v>` may be given several times. */
  options?: [flags: string, description: string][];
  // biome-ignore lint/suspicious/noExplicitAny: each command declares the options that it reads.
  load: () => Promise<Action<any>>;
}

const PAGING: Spec['options'] = [
  ['--limit <n>', 'items at most, 1 to 200'],
  ['--cursor <next>', 'go on from "next" of the page before'],
];
const REPOSITORY: [string, string] = ['--repository <name>', 'default: of the remote "slipway"'];
const MESSAGE: [string, string] = ['-m, --message <why>', 'the reason, in your words'];

const SECRETS: [string, string] = ['secrets', 'secrets of steps: set, list, remove, rotate'];
const SCOPE: Spec['options'] = [
  REPOSITORY,
  ['--all-repositories', 'of every repository instead of one'],
  ['+--branch <pattern>', 'only for these branches; may be given several times'],
  ['--stage <stage>', 'only for steps that check this stage'],
];

const gates = () => import('./commands/gates.js');
const runs = () => import('./commands/runs.js');
const stages = () => import('./commands/stages.js');
const users = () => import('./commands/users.js');
const pipeline = () => import('./commands/pipeline.js');
const secrets = () => import('./commands/secrets.js');

export const COMMANDS: Spec[] = [
  {
    usage: 'lint [file]',
    description: 'say everything that is wrong with the pipeline; works offline',
    load: async () => (await pipeline()).lintCommand,
  },
  {
    usage: 'plan [file]',
    description: 'show which steps would run, why, in what order; works offline',
    options: [
      ['--branch <name>', 'as if pushed to it; default: the current branch'],
      ['--since <ref>', 'as if what changed since then was pushed'],
      ['--manual', 'as if a person started it'],
    ],
    load: async () => (await pipeline()).planCommand,
  },
  {
    usage: 'run',
    description: 'start a run of what was pushed before',
    options: [
      REPOSITORY,
      ['--ref <ref>', 'branch, tag or commit; default: the default branch'],
      ['+--input <name=value>', 'an input of the pipeline; may be given several times'],
      ['--override-reason <why>', 'let a rejected release be deployed again'],
      ['--watch', 'show it, and exit by its status'],
    ],
    load: async () => (await import('./commands/run.js')).runCommand,
  },
  {
    usage: 'push [refspec...]',
    description:
      'git push to Slipway, and exit by the status of the run; adds the remote if missing',
    options: [REPOSITORY, ['--force', 'git push --force']],
    load: async () => (await import('./commands/push.js')).pushCommand,
  },
  {
    usage: 'runs',
    description: 'list runs, newest first',
    options: [
      ['--repository <name>', 'only of this repository'],
      ['--branch <name>', 'only of this branch'],
      ['--commit <sha>', 'only of this commit'],
      ['--status <status>', 'only with this status'],
      ...PAGING,
    ],
    load: async () => (await runs()).runsCommand,
  },
  {
    usage: 'show <run>',
    description: 'show a run, its steps and its open questions; exit by its status',
    load: async () => (await runs()).showCommand,
  },
  {
    usage: 'watch <run>',
    description: 'follow a run until it is over or waits for people; exit by its status',
    options: [['--to-end', 'go on while it waits for people']],
    load: async () => (await runs()).watchCommand,
  },
  {
    usage: 'logs <run> [step]',
    description: 'print the log of a run, or of one of its steps',
    options: [['-f, --follow', 'go on until the run is over'], ...PAGING],
    load: async () => (await import('./commands/logs.js')).logsCommand,
  },
  {
    usage: 'approve <run> [step]',
    description: 'say yes at a gate',
    options: [MESSAGE],
    load: async () => (await gates()).approveCommand,
  },
  {
    usage: 'reject <run> [step]',
    description: 'say no at a gate: what was deployed is put back',
    options: [MESSAGE],
    load: async () => (await gates()).rejectCommand,
  },
  {
    usage: 'cancel <run>',
    description: 'stop a run: what was deployed is put back',
    options: [MESSAGE],
    load: async () => (await gates()).cancelCommand,
  },
  {
    usage: 'rollback <stage>',
    description: 'deploy an earlier release to STAGE or REPOSITORY/STAGE',
    options: [
      ['--to <digest>', 'default: what served before and was not rejected'],
      MESSAGE,
      ['--watch', 'show it, and exit by its status'],
    ],
    load: async () => (await stages()).rollbackCommand,
  },
  {
    usage: 'stages',
    description: 'list stages: address, health, what serves, who waits',
    options: [['--repository <name>', 'only of this repository'], ...PAGING],
    load: async () => (await stages()).stagesCommand,
  },
  {
    usage: 'releases',
    description: 'list releases, newest first',
    options: [['--repository <name>', 'only of this repository'], ...PAGING],
    load: async () => (await stages()).releasesCommand,
  },
  {
    usage: 'doctor',
    description: 'check everything that Slipway needs, and say what to do',
    load: async () => (await import('./commands/doctor.js')).doctorCommand,
  },
  {
    usage: 'users [login]',
    description: 'list users; with a login: create or change one',
    options: [
      ['+--team <name>', 'the teams of the user; may be given several times'],
      ['--disable', 'lock the user out'],
      ['--enable', 'let the user in again'],
      ...PAGING,
    ],
    load: async () => (await users()).usersCommand,
  },
  {
    usage: 'tokens',
    description: 'list, create or revoke API tokens',
    options: [
      ['--create <name>', 'what the new token is for'],
      ['+--scope <scope>', 'read, push, run, approve, chat or admin; may be given several times'],
      ['--login <login>', 'whose; default: yours'],
      ['--expires-in-days <n>', 'default: never'],
      ['--requests-per-minute <n>', 'its own budget of chat requests; default: all of its user’s'],
      ['--tokens-per-minute <n>', 'the same of a model’s tokens'],
      ['--revoke <id>', 'make a token useless'],
      ...PAGING,
    ],
    load: async () => (await users()).tokensCommand,
  },
  {
    group: SECRETS,
    usage: 'set <name>',
    description:
      'set a secret; its value is read from standard input, less one line end at its end: ' +
      'printf %s "$VALUE" | slipway secrets set NAME',
    options: SCOPE,
    load: async () => (await secrets()).setCommand,
  },
  {
    group: SECRETS,
    usage: 'list',
    description: 'list secrets: names and where they apply, never values',
    options: [['--repository <name>', 'only those that apply to it'], ...PAGING],
    load: async () => (await secrets()).listCommand,
  },
  {
    group: SECRETS,
    usage: 'remove <name>',
    description: 'remove a secret at once',
    options: SCOPE,
    load: async () => (await secrets()).removeCommand,
  },
  {
    group: SECRETS,
    usage: 'rotate',
    description: 'wrap all secrets with a new master key; goes on where it was cut off',
    load: async () => (await secrets()).rotateCommand,
  },
  ...CHAT_COMMANDS,
  {
    usage: 'audit',
    description: 'list who did what, newest first',
    options: [...PAGING],
    load: async () => (await users()).auditCommand,
  },
];
