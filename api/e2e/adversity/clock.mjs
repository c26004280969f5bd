/**
 * Loaded into processes of a stack: makes their wall clock wrong by what a file says, milliseconds.
 * Nobody touches the machine's own clock.
 */
import { readFileSync } from 'node:fs';

const file = process.env['SLIPWAY_TEST_CLOCK'];
const LOOK_EVERY_MS = 20;
const Real = Date;
let offsetMs = 0;

function look() {
  try {
    offsetMs = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    offsetMs = 0;
  }
}

if (file) {
  globalThis.Date = class extends Real {
    constructor(...given) {
      if (given.length === 0) super(Real.now() + offsetMs);
      else super(...given);
    }

    static now() {
      return Real.now() + offsetMs;
    }
  };
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
}
