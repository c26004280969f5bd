import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from '@jest/globals';
import { replay } from './bundle.js';

// Histories of this version, recorded on a real server: a run that is in progress must go on after
// an update. A story that fails here needs a patch in the workflow, not a new recording.

const folder = new URL('./recorded/', import.meta.url);

describe('recorded histories', () => {
  for (const file of readdirSync(folder)) {
    it(`go on with the code of today: ${file}`, () =>
      replay(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { events: unknown[] }));
  }
});
