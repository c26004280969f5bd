// `node scripts/toy-model.mjs FILE [KIND]`: writes a tiny GGUF with a fixed text, for trying things out.
// KIND: `alphabet` (default) says the letters and ends; `endless` never ends; `numbers` says other words,
// so that a change of model can be seen; `pages` says 1,000 numbers and ends; `random` has random weights:
// gibberish, and the same each time. A list like '["Hello, ", "world"]' says these texts, none of them twice.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { progress, root, setUp } from './setup.mjs';

const KINDS = ['alphabet', 'endless', 'numbers', 'pages', 'random'];
const [file, kind = 'alphabet'] = process.argv.slice(2);
const texts = listOf(kind);
if (file === undefined || (!KINDS.includes(kind) && texts === undefined)) {
  console.error(`usage: node scripts/toy-model.mjs FILE [${KINDS.join('|')}|'["text", …]']`);
  process.exit(2);
}
await setUp(progress(process.stderr));
const { chainToy, randomToy } = await import(`${root}/dist/activities/engine/toy/toy.js`);
const letters = Array.from({ length: 26 }, (_each, index) => String.fromCharCode(97 + index));
const numbers = ['one', ' two', ' three', ' four', ' five', ' six', ' seven', ' eight'];
const pages = Array.from({ length: 1_000 }, (_each, index) => `${index + 1}.`.padStart(5, '0'));
const toys = {
  alphabet: () => chainToy({ says: letters }),
  endless: () => chainToy({ says: letters, isEndless: true }),
  numbers: () => chainToy({ says: numbers }),
  pages: () => chainToy({ says: pages }),
  random: () => randomToy(),
};
const made = texts === undefined ? toys[kind]() : chainToy({ says: texts });
writeFileSync(resolve(file), made);
console.log(`${resolve(file)}: ${made.length} bytes; serve it: slipway models pull ${file}`);

/** Undefined where it is none. */
function listOf(text) {
  if (!text.startsWith('[')) return undefined;
  const list = JSON.parse(text);
  return list.length > 0 && list.every((each) => typeof each === 'string') ? list : undefined;
}
