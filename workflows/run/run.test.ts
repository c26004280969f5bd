import { describe, expect, it } from '@jest/globals';
import type { PlannedStep } from '../pipeline/plan.js';
import { History } from '../testing/history.js';
import { check, runInput, said, step } from '../testing/plans.js';

// Runs that deploy nothing. A replay compares the order of commands; how a run ends is in
// outcome.test.ts and in the recorded histories.

const begin = (...steps: PlannedStep[]) =>
  new History('run', runInput(steps)).describes().local('openRun');
const firstOf = (history: History, ...names: string[]) =>
  history.schedules(...names).local('recordRun');
const ended = (history: History) => history.describes().local('recordRun');

const failing = (...steps: PlannedStep[]) =>
  firstOf(begin(step('test'), ...steps), 'runCommands')
    .returns('runCommands', said.no)
    .wakes();

describe('a run without a deploy', () => {
  it('runs its steps one after the other, and records itself at the start and the end', () => {
    const story = firstOf(begin(step('a'), step('b', { needs: ['a'] })), 'runCommands')
      .returns('runCommands', said.yes)
      .wakes()
      .activity('runCommands', said.yes);
    return ended(story).completes();
  });

  it('runs independent steps at the same time', () => {
    const scan: PlannedStep = { name: 'scan', kind: 'scan', spec: {} };
    const story = firstOf(begin(step('a'), scan), 'runCommands', 'scan')
      .returns('scan', said.yes)
      .returns('runCommands', said.yes)
      .wakes();
    return ended(story).completes();
  });

  it('ends as failed when a step says no, and starts nothing that needs it', () =>
    ended(failing(step('b', { needs: ['test'] }))).completes());

  it('goes on with independent steps after a no', () => {
    const scan: PlannedStep = { name: 'scan', kind: 'scan', spec: {} };
    const publish = step('publish', { needs: ['scan'] });
    const story = firstOf(begin(step('a'), scan, publish), 'runCommands', 'scan')
      .returns('runCommands', said.no)
      .wakes()
      .returns('scan', said.yes)
      .wakes()
      .activity('runCommands', said.yes);
    return ended(story).completes();
  });

  it('takes a no under continueOnError for a yes', () => {
    const steps = [step('a', { continueOnError: true }), step('b', { needs: ['a'] })];
    const story = firstOf(begin(...steps), 'runCommands')
      .returns('runCommands', said.no)
      .wakes()
      .activity('runCommands', said.yes);
    return ended(story).completes();
  });

  it('runs "when: failure" steps after a no', () => {
    const story = failing(step('tell', { needs: ['test'], when: 'failure' }));
    return ended(story.activity('runCommands', said.yes)).completes();
  });

  it('skips "when: failure" steps when all is well', () => {
    const steps = [step('a'), step('tell', { needs: ['a'], when: 'failure' })];
    const story = firstOf(begin(...steps), 'runCommands')
      .returns('runCommands', said.yes)
      .wakes();
    return ended(story).completes();
  });

  it('runs "when: always" steps after a no, and skips what is between', () => {
    const story = failing(
      step('b', { needs: ['test'] }),
      step('report', { needs: ['b'], when: 'always' }),
    );
    return ended(
      story.schedules('runCommands').local('recordRun').returns('runCommands', said.yes).wakes(),
    ).completes();
  });

  it('ends as errored when a step could not find out', () => {
    const story = firstOf(begin(step('a')), 'runCommands').throws('runCommands', 'StepErrored');
    return ended(story.wakes()).completes();
  });

  it('ends as errored when the workers of a step vanish', () => {
    const story = firstOf(begin(step('a')), 'runCommands').vanishes('runCommands');
    return ended(story.wakes()).completes();
  });

  it('runs http checks, then the commands of the same step', () => {
    const both = check('staging', { needs: [], spec: { http: [{ url: '/' }], commands: ['e2e'] } });
    const story = firstOf(begin(both), 'checkStage')
      .returns('checkStage', said.yes)
      .wakes()
      .activity('runCommands', said.yes);
    return ended(story).completes();
  });

  it('does not run the commands of a check whose http part said no', () => {
    const both = check('staging', { needs: [], spec: { http: [{ url: '/' }], commands: ['e2e'] } });
    const story = firstOf(begin(both), 'checkStage').returns('checkStage', said.no).wakes();
    return ended(story).completes();
  });

  it('takes words about stages and gates that it does not have, and does nothing', () => {
    const story = firstOf(begin(step('a')), 'runCommands')
      .hears('stageGranted', { stage: 'staging' })
      .hears('stageQueued', { stage: 'staging', position: 1, behind: 'web-41' })
      .hears('gateAnswered', { step: 'approve', outcome: 'approved', reason: null })
      .wakes()
      .returns('runCommands', said.yes)
      .wakes();
    return ended(story).completes();
  });
});

describe('cancelling a run without a deploy', () => {
  const asked = { by: 'ada', reason: 'wrong branch' };
  const running = (...steps: PlannedStep[]) => firstOf(begin(...steps), 'runCommands');

  it('ends running commands, and starts nothing but "when: always" steps', () => {
    const story = running(
      step('a'),
      step('b', { needs: ['a'] }),
      step('report', { needs: ['b'], when: 'always' }),
    )
      .update('cancel', asked)
      .stops('runCommands')
      .answers({ status: 'running' })
      .stopped('runCommands')
      .wakes()
      .schedules('runCommands')
      .local('recordRun')
      .returns('runCommands', said.yes)
      .wakes();
    return ended(story).completes();
  });

  it('lets a "when: always" step that is running go on', () => {
    const story = running(step('report', { when: 'always' }))
      .update('cancel', asked, { status: 'running' })
      .returns('runCommands', said.yes)
      .wakes();
    return ended(story).completes();
  });

  it('changes nothing when it is asked twice', () => {
    const story = running(step('a'))
      .update('cancel', asked)
      .stops('runCommands')
      .answers({ status: 'running' })
      .update('cancel', asked, { status: 'running' })
      .stopped('runCommands')
      .wakes();
    return ended(story).completes();
  });

  it('works from the Temporal UI, too', () => {
    const story = running(step('a'))
      .isCancelled()
      .stops('runCommands')
      .stopped('runCommands')
      .wakes();
    return ended(story).completes();
  });

  it('counts a step whose worker is gone as stopped', () => {
    const story = running(step('a'))
      .update('cancel', asked)
      .stops('runCommands')
      .answers({ status: 'running' })
      .vanishes('runCommands')
      .wakes();
    return ended(story).completes();
  });
});

describe('a run that grows long', () => {
  const carried = {
    status: 'running' as const,
    steps: { statuses: '30', details: {} },
    deployed: [],
    places: {},
    wasPutBack: false,
    notPutBack: [],
  };

  it('goes on in a new history when nothing runs', () =>
    firstOf(begin(step('a'), step('b', { needs: ['a'] })), 'runCommands')
      .returns('runCommands', said.yes)
      .wakes({ isFull: true })
      .continuesAsNew('run'));

  it('does not move on while a step runs', () => {
    const scan: PlannedStep = { name: 'scan', kind: 'scan', spec: {} };
    const story = firstOf(
      begin(step('a'), scan, step('b', { needs: ['a'] })),
      'runCommands',
      'scan',
    )
      .returns('runCommands', said.yes)
      .wakes({ isFull: true })
      .schedules('runCommands')
      .returns('scan', said.yes)
      .wakes({ isFull: true })
      .returns('runCommands', said.yes)
      .wakes({ isFull: true });
    return ended(story).completes();
  });

  it('goes on there with what is left, without opening itself again', () => {
    const steps = [step('a'), step('b', { needs: ['a'] })];
    const story = new History('run', runInput(steps, carried)).activity('runCommands', said.yes);
    return ended(story).completes();
  });

  it('starts nothing there when it was cancelled before', () => {
    const steps = [step('a'), step('b', { needs: ['a'] })];
    const input = runInput(steps, { ...carried, cancelled: { by: 'ada', reason: 'no' } });
    return ended(new History('run', input)).completes();
  });
});

describe('a bug of ours', () => {
  it('stops a run whose plan has a cycle: no step is made up', () => {
    const story = begin(step('a', { needs: ['b'] }), step('b', { needs: ['a'] }));
    return expect(ended(story).completes()).rejects.toThrow('the plan has a cycle');
  });
});

describe('a run never', () => {
  const drift = (story: Promise<void>) => expect(story).rejects.toThrow('Nondeterminism');

  it('starts a step before what it needs', () =>
    drift(
      ended(
        firstOf(begin(step('a'), step('b', { needs: ['a'] })), 'runCommands', 'runCommands'),
      ).completes(),
    ));

  it('ends before its steps do', () =>
    drift(ended(firstOf(begin(step('a')), 'runCommands')).completes()));

  it('ends without recording how', () =>
    drift(
      firstOf(begin(step('a')), 'runCommands')
        .returns('runCommands', said.yes)
        .wakes()
        .describes()
        .completes(),
    ));

  it('starts a step after a cancel', () =>
    drift(
      ended(
        firstOf(begin(step('a'), step('b', { needs: ['a'] })), 'runCommands')
          .update('cancel', { by: 'ada', reason: 'no' })
          .stops('runCommands')
          .answers({ status: 'running' })
          .stopped('runCommands')
          .wakes()
          .activity('runCommands', said.yes),
      ).completes(),
    ));
});
