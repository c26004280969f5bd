/** The commands about models. */
import type { Spec } from '../commands.table.js';

const MODELS: [string, string] = [
  'models',
  'language models: pull, list, show, serve, stop, remove',
];
const models = () => import('./models.js');

export const MODEL_COMMANDS: Spec[] = [
  {
    group: MODELS,
    usage: 'pull <source>',
    description:
      'bring a GGUF file: a path, a URL or hf:owner/name:file; goes on where it was cut off',
    options: [
      ['--name <name>', "default: the file's name"],
      ['--sha256 <digits>', 'refuse every other file'],
      ['--replace', 'also when the name is another model: what serves it follows'],
    ],
    load: async () => (await import('./models.pull.js')).pullCommand,
  },
  {
    group: MODELS,
    usage: 'list',
    description: 'list models, and pulls that are not done',
    options: [
      ['--limit <n>', 'items at most, 1 to 200'],
      ['--cursor <next>', 'go on from "next" of the page before'],
    ],
    load: async () => (await models()).listCommand,
  },
  {
    group: MODELS,
    usage: 'show <name>',
    description: 'show a model and where it is served',
    load: async () => (await models()).showCommand,
  },
  {
    group: MODELS,
    usage: 'serve <model>',
    description: 'serve a model; requests in flight end with the one before',
    options: [
      ['--as <name>', "by which clients ask for it; default: the model's name"],
      ['--adapter <model>', 'with this LoRA adapter'],
      ['--challenger', 'beside the champion of that name'],
      ['--share <percent>', 'of the requests that go to the challenger'],
      ['--no-wait', 'do not wait until it is loaded'],
    ],
    load: async () => (await models()).serveCommand,
  },
  {
    group: MODELS,
    usage: 'stop <name>',
    description: 'stop serving a name',
    options: [['--challenger', 'only its challenger']],
    load: async () => (await models()).stopCommand,
  },
  {
    group: MODELS,
    usage: 'remove <name>',
    description: 'forget a model that is not served',
    options: [['--pull', 'give up a pull instead, and drop its bytes']],
    load: async () => (await models()).removeCommand,
  },
];
