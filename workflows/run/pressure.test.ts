import { expect, it } from '@jest/globals';
import { DRAIN_BYTES, DRAIN_EVENTS, isHeavy, pressureOf, QUIET_EVENTS } from './pressure.js';

it.each([
  [0, false, 'none'],
  [QUIET_EVENTS, false, 'none'],
  [QUIET_EVENTS + 1, false, 'quiet'],
  [10, true, 'quiet'],
  [DRAIN_EVENTS, true, 'quiet'],
  [DRAIN_EVENTS + 1, false, 'drain'],
])('after %i events (suggested: %s) the pressure is %s', (historyLength, suggested, pressure) => {
  expect(pressureOf({ historyLength, continueAsNewSuggested: suggested })).toBe(pressure);
});

it('a history is heavy above eight mebibytes', () => {
  expect(isHeavy({ historySize: DRAIN_BYTES })).toBe(false);
  expect(isHeavy({ historySize: DRAIN_BYTES + 1 })).toBe(true);
});
