/** The commands of chat: the assistant, models, tickets, and what is kept of people. */
import type { Spec } from '../commands.table.js';
import { MODEL_COMMANDS } from './models.table.js';

const assistant = () => import('./assistant.js');
const tickets = () => import('./tickets.js');
const privacy = () => import('./privacy.js');

const PROPOSALS: [string, string] = ['proposals', 'what the assistant proposed'];
const TICKETS: [string, string] = ['tickets', 'tickets: list, show, open, status, migrate'];
const PRIVACY: [string, string] = ['privacy', 'what is kept of a person: export, erase'];
const PAGING: Spec['options'] = [
  ['--limit <n>', 'items at most, 1 to 200'],
  ['--cursor <next>', 'go on from "next" of the page before'],
];

export const CHAT_COMMANDS: Spec[] = [
  {
    usage: 'chat <question...>',
    description: 'ask the model that is served, and read its answer as it is made',
    options: [
      ['--conversation <id>', 'go on with a conversation; default: a new one of your own'],
      ['--model <name>', 'default: the first that is served'],
    ],
    load: async () => (await import('./chat.js')).chatCommand,
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
    load: async () => (await import('./tickets.migrate.js')).migrateCommand,
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
];
