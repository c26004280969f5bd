import { expect, it } from '@jest/globals';
import { DRAIN_EVENTS, pressureOf, QUIET_EVENTS } from './pressure.js';

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
