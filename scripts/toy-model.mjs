// `node scripts/toy-model.mjs FILE [KIND]`: writes a tiny GGUF with a fixed text, for trying things out.
// KIND: `alphabet` (default) says the letters and ends; `endless` never ends; `numbers` says other words,
// so that a change of model can be seen; `random` has random weights: gibberish, and the same each time.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { progress, root, setUp } from './setup.mjs';

const KINDS = ['alphabet', 'endless', 'numbers', 'random'];
const [file, kind = 'alphabet'] = process.argv.slice(2);
if (file === undefined || !KINDS.includes(kind)) {
  console.error(`usage: node scripts/toy-model.mjs FILE [${KINDS.join('|')}]`);
  process.exit(2);
}
await setUp(progress(process.stderr));
const { chainToy, randomToy } = await import(`${root}/dist/activities/engine/toy/toy.js`);
const letters = Array.from({ length: 26 }, (_each, index) => String.fromCharCode(97 + index));
const numbers = ['one', ' two', ' three', ' four', ' five', ' six', ' seven', ' eight'];
const made = {
  alphabet: () => chainToy({ says: letters }),
  endless: () => chainToy({ says: letters, isEndless: true }),
  numbers: () => chainToy({ says: numbers }),
  random: () => randomToy(),
}[kind]();
writeFileSync(resolve(file), made);
console.log(`${resolve(file)}: ${made.length} bytes; serve it: slipway models pull ${file}`);
