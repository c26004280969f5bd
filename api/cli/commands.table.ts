/** All commands: names, arguments and options. What a command does is loaded when it is called. */
import { MODEL_COMMANDS } from './commands/models.table.js';
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
const assistant = () => import('./commands/assistant.js');

const PROPOSALS: [string, string] = ['proposals', 'what the assistant proposed'];

const tickets = () => import('./commands/tickets.js');
const privacy = () => import('./commands/privacy.js');

const TICKETS: [string, string] = ['tickets', 'tickets: list, show, open, status, migrate'];
const PRIVACY: [string, string] = ['privacy', 'what is kept of a person: export, erase'];

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
  {
    usage: 'ask <question...>',
    description:
      'ask about runs, stages, gates and models in your words; it does nothing by itself',
    load: async () => (await assistant()).askCommand,
  },
  {
    group: PROPOSALS,
    usage: 'show <id>',
    description: 'show a proposal, and what became of it',
    load: async () => (await assistant()).showCommand,
  },
  {
    group: PROPOSALS,
    usage: 'approve <id>',
    description: 'let it happen, once, with your rights',
    load: async () => (await assistant()).approveCommand,
  },
  {
    group: PROPOSALS,
    usage: 'discard <id>',
    description: 'decide that it shall not happen',
    load: async () => (await assistant()).discardCommand,
  },
  ...MODEL_COMMANDS,
  {
    group: TICKETS,
    usage: 'list',
    description: 'list tickets, newest first; with an admin’s token everybody’s',
    options: [
      ['--status <status>', 'open, in-progress, waiting, resolved or closed'],
      ['--channel <channel>', 'chat, web, email, phone or api'],
      ['--created-by <login>', 'of this person; for admins'],
      ['--from <day>', 'opened at or after: 2026-11-20, or a moment'],
      ['--until <day>', 'opened before'],
      ...PAGING,
    ],
    load: async () => (await tickets()).listCommand,
  },
  {
    group: TICKETS,
    usage: 'show <id>',
    description: 'show a ticket',
    load: async () => (await tickets()).showCommand,
  },
  {
    group: TICKETS,
    usage: 'open <subject>',
    description: 'open a ticket',
    options: [
      ['-m, --message <text>', 'what it is about, in your words'],
      ['--channel <channel>', 'default: api'],
      ['--conversation <id>', 'the conversation that it comes out of'],
    ],
    load: async () => (await tickets()).openCommand,
  },
  {
    group: TICKETS,
    usage: 'status <id> <status>',
    description: 'change the status of a ticket',
    load: async () => (await tickets()).statusCommand,
  },
  {
    group: TICKETS,
    usage: 'migrate <file>',
    description: 'bring the tickets of a JSON store here; goes on where it was cut off',
    options: [
      ['--dry-run', 'only say what is wrong with the file; works offline'],
      ['+--map <field:word=ours>', 'like status:escalated=in-progress; may be given several times'],
    ],
    load: async () => (await import('./commands/tickets.migrate.js')).migrateCommand,
  },
  {
    group: PRIVACY,
    usage: 'export',
    description: 'write everything that is kept of you into a file, a line for each thing',
    options: [
      ['--login <login>', 'of somebody else; for admins'],
      ['--out <file>', 'default: LOGIN.ndjson'],
    ],
    load: async () => (await privacy()).exportCommand,
  },
  {
    group: PRIVACY,
    usage: 'erase <login>',
    description: 'erase everything that a person said, for good',
    options: [['--confirm <login>', 'the login once more']],
    load: async () => (await privacy()).eraseCommand,
  },
  {
    usage: 'audit',
    description: 'list who did what, newest first',
    options: [...PAGING],
    load: async () => (await users()).auditCommand,
  },
];
