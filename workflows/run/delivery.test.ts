import { describe, expect, it } from '@jest/globals';
import {
  answered,
  asked,
  built,
  checking,
  delivery,
  GATE_ID,
  granted,
  leaves,
  left,
  putsBack,
  putsBackWithNews,
  serves,
  waiting,
} from '../testing/delivery.js';
import { History } from '../testing/history.js';
import { check, deploy, image, runInput, said, step } from '../testing/plans.js';

// Every path of a run that deploys, told as a history and replayed against the real code.

/** Both stages are left at the end, which is recorded. */
const keeps = (story: History, ...stages: string[]) =>
  left(leaves(story.describes(), ...stages).local('recordRun'), ...stages).completes();

/** Staging is left as soon as it is put back; production, when it is clear that it stays as it is. */
const endsPutBack = (story: History) =>
  left(
    leaves(leaves(story, 'staging').describes(), 'production').local('recordRun'),
    'staging',
    'production',
  ).completes();

const short = () => [image, deploy('staging', ['image']), check('staging')];
const cancel = { by: 'ada', reason: 'wrong branch' };

describe('a delivery', () => {
  it('deploys to staging, checks, asks, and deploys to production', () => {
    const story = answered('approved').waits('86400s').describes().local('recordRun', 'takePlace');
    return keeps(serves('production', granted('production', story)), 'staging', 'production');
  });

  it('never skips the gate', () => {
    const story = checking().returns('checkStage', said.yes).wakes().waits('86400s');
    return expect(story.local('recordRun', 'takePlace').completes()).rejects.toThrow(
      'Nondeterminism',
    );
  });

  it('never deploys before the archive is there', () => {
    const story = built().activity('pinRelease', said.pinned);
    return expect(story.completes()).rejects.toThrow('Nondeterminism');
  });

  it('never deploys before it has its turn', () => {
    const story = asked().activity('pinRelease', said.pinned);
    return expect(story.completes()).rejects.toThrow('Nondeterminism');
  });

  it('watches a release for as long as its step says', () => {
    const spec = { release: ['image'], stage: 'staging', watchSeconds: 60 };
    const story = serves(
      'staging',
      granted('staging', asked(built([image, deploy('staging', ['image'], { spec })]))),
    );
    return keeps(story.activity('watchRelease', said.yes), 'staging');
  });
});

describe('after a deploy, a no', () => {
  it('of a check puts the stage back', () =>
    endsPutBack(putsBack(checking().returns('checkStage', said.no).wakes())));

  it('of a check that could not find out puts the stage back, too', () =>
    endsPutBack(putsBackWithNews(checking().throws('checkStage', 'StepErrored').wakes())));

  it('of the stage itself puts it back', () => {
    const story = granted().activity('pinRelease', said.pinned).activity('awaitServing', said.no);
    return endsPutBack(putsBackWithNews(story));
  });

  it('of a stage that does not answer in time puts it back', () => {
    const story = granted().activity('pinRelease', said.pinned);
    return endsPutBack(putsBackWithNews(story.activityFails('awaitServing', 'StepTimedOut')));
  });

  it('of a worker that vanishes while it waits for the stage puts it back', () => {
    const story = granted().activity('pinRelease', said.pinned).schedules('awaitServing');
    return endsPutBack(putsBackWithNews(story.vanishes('awaitServing').wakes()));
  });

  it('under continueOnError leaves the stage alone', () => {
    const steps = [
      image,
      deploy('staging', ['image']),
      check('staging', { continueOnError: true }),
    ];
    const story = checking(serves('staging', granted('staging', asked(built(steps)))));
    return keeps(story.returns('checkStage', said.no).wakes(), 'staging');
  });

  it('starts nothing until the stage is put back', () => {
    const report = step('report', { needs: ['integration'], when: 'failure' });
    const story = checking(
      serves('staging', granted('staging', asked(built([...short(), report])))),
    );
    const back = putsBack(story.returns('checkStage', said.no).wakes());
    const reporting = leaves(back, 'staging').schedules('runCommands').local('recordRun');
    reporting.told('stage:web:staging', 'leave').returns('runCommands', said.yes).wakes();
    return reporting.describes().local('recordRun').completes();
  });

  it('of the watch puts back what the run deployed, newest first', () => {
    const spec = { release: ['image'], stage: 'production', watchSeconds: 60 };
    const steps = [
      image,
      deploy('staging', ['image']),
      deploy('production', ['staging'], { spec }),
    ];
    const onStaging = serves('staging', granted('staging', asked(built(steps))));
    const onBoth = serves('production', granted('production', asked(onStaging)));
    const story = putsBackWithNews(onBoth.activity('watchRelease', said.no));
    const first = leaves(story, 'production').schedules('putBack').local('recordRun');
    first.told('stage:web:production', 'leave').returns('putBack', said.putBack).wakes();
    first.activity('awaitPutBack', said.yes);
    return left(leaves(first, 'staging').describes().local('recordRun'), 'staging').completes();
  });

  it('ends other steps that need the release', () => {
    const steps = [...short(), step('load', { needs: ['staging'] })];
    const story = serves('staging', granted('staging', asked(built(steps))))
      .schedules('checkStage', 'runCommands')
      .local('recordRun')
      .returns('checkStage', said.no)
      .wakes()
      .stops('runCommands')
      .schedules('putBack')
      .stopped('runCommands')
      .returns('putBack', said.putBack)
      .wakes()
      .schedules('awaitPutBack')
      .local('recordRun')
      .returns('awaitPutBack', said.yes)
      .wakes();
    return left(leaves(story, 'staging').describes().local('recordRun'), 'staging').completes();
  });

  it('waits for a pin that is in progress, then puts that back first', () => {
    const steps = [...short(), deploy('production', ['staging'])];
    const pinning = serves('staging', granted('staging', asked(built(steps))))
      .schedules('checkStage')
      .waits('86400s')
      .local('recordRun', 'takePlace')
      .hears('stageGranted', { stage: 'production' })
      .wakes()
      .waitsNoMore()
      .describes()
      .schedules('pinRelease')
      .returns('checkStage', said.no)
      .wakes()
      .returns('pinRelease', said.pinned)
      .wakes();
    const story = putsBack(pinning.callsInVain().local('recordRun'));
    const first = leaves(story, 'production').schedules('putBack').local('recordRun');
    first.told('stage:web:production', 'leave').returns('putBack', said.putBack).wakes();
    first.activity('awaitPutBack', said.yes);
    return left(leaves(first, 'staging').describes().local('recordRun'), 'staging').completes();
  });
});

describe('a put-back', () => {
  const failed = () => checking().returns('checkStage', said.no).wakes();

  it('that finds another release serving only records the rejection', () =>
    endsPutBack(failed().activity('putBack', { ...said.putBack, outcome: 'passedOn' })));

  it('that empties a stage waits until it is empty', () =>
    endsPutBack(
      failed()
        .activity('putBack', { ...said.putBack, outcome: 'emptied', servingDigest: null })
        .activity('awaitPutBack', said.yes),
    ));

  it('that cannot be committed ends the run as errored', () =>
    endsPutBack(failed().activityFails('putBack', 'StepErrored')));

  it('that the target does not follow ends the run as errored', () =>
    endsPutBack(failed().activity('putBack', said.putBack).activity('awaitPutBack', said.no)));
});

describe('a deploy that is not made', () => {
  const pinned = (outcome: string) => granted().activity('pinRelease', { outcome, reason: 'r' });

  it('because a newer one is there leaves the stage alone', () =>
    endsPutBack(pinned('superseded')));

  it('because the release was rejected before leaves the stage alone', () =>
    endsPutBack(pinned('refused')));

  it('because it cannot be committed leaves the stage alone', () =>
    endsPutBack(granted().activityFails('pinRelease', 'StepErrored')));

  it('because there is no archive does not ask for a turn', () => {
    const steps = [{ ...image, continueOnError: true }, deploy('staging', ['image'])];
    const story = new History('run', runInput(steps))
      .describes()
      .local('openRun', 'takePlace')
      .schedules('buildArchive')
      .local('recordRun')
      .returns('buildArchive', said.no)
      .wakes()
      .local('recordRun');
    return left(leaves(story, 'staging').describes().local('recordRun'), 'staging').completes();
  });

  it('because the turn does not come within a day ends as errored', () =>
    endsPutBack(asked().wakes().timesOut()));
});

describe('a stage that others use', () => {
  it('is waited for, visibly, and then taken', () => {
    const queued = asked()
      .hears('stageQueued', { stage: 'staging', position: 1, behind: 'web-41' })
      .wakes()
      .describes()
      .local('recordRun');
    const story = queued.hears('stageGranted', { stage: 'staging' }).wakes().waitsNoMore();
    story.describes().schedules('pinRelease').describes().local('recordRun');
    return endsPutBack(
      putsBackWithNews(
        story.returns('pinRelease', said.pinned).wakes().activity('awaitServing', said.no),
      ),
    );
  });

  it('has nobody to tell when its queue is gone', () => {
    const story = serves(
      'staging',
      granted('staging', asked(built([image, deploy('staging', ['image'])]))),
    );
    return leaves(story.describes(), 'staging')
      .local('recordRun')
      .told('stage:web:staging', 'leave', { isGone: true })
      .wakes()
      .completes();
  });

  it('gives a rollback its turn like any deploy', () => {
    const spec = { release: ['image'], stage: 'staging', rollbackTo: `sha256:${'b'.repeat(64)}` };
    const story = new History('run', runInput([deploy('staging', [], { spec })]))
      .describes()
      .local('openRun', 'takePlace')
      .waits('86400s')
      .local('recordRun', 'takePlace');
    return keeps(serves('staging', granted('staging', story)), 'staging');
  });
});

describe('a gate', () => {
  /** The run asks for its turn again, and puts staging back. */
  const backAgain = (story: History) => {
    const again = story.waits('30s').describes().local('recordRun', 'takePlace');
    return again.hears('stageGranted', { stage: 'staging' }).wakes().waitsNoMore();
  };

  it('that rejects puts staging back when it is our turn again', () =>
    endsPutBack(putsBack(backAgain(answered('rejected')))));

  it('that expires puts staging back', () => endsPutBack(putsBack(backAgain(answered('expired')))));

  it('that a person ended from outside puts staging back', () => {
    const story = waiting().wakes().childTerminated('approval', GATE_ID).wakes().waitsNoMore();
    return endsPutBack(putsBack(backAgain(story)));
  });

  it('that never answers is given up an hour after its end', () =>
    endsPutBack(putsBack(backAgain(waiting().timesOut()))));

  it('answers once: its own end says the same', () => {
    const story = answered('rejected').waits('30s').describes().local('recordRun', 'takePlace');
    story.childReturns('approval', GATE_ID, { outcome: 'rejected', reason: 'r', decisions: [] });
    const turn = story.hears('stageGranted', { stage: 'staging' }).wakes().waitsNoMore();
    return endsPutBack(putsBack(turn));
  });

  it('whose evidence cannot be gathered ends as errored, without asking anybody', () => {
    const story = checking(serves('staging', granted('staging', asked(built(delivery())))));
    story.returns('checkStage', said.yes).wakes();
    story.local('servingCommit', ['observeStages', []], ['listApprovers', ['ada']], 'recordRun');
    return endsPutBack(putsBackWithNews(story.localFails('summariseChange')));
  });

  it('passes the stages on while it waits, and does not wait for their turn for ever', () => {
    const story = answered('rejected').waits('30s').describes().local('recordRun', 'takePlace');
    return endsPutBack(putsBack(story.timesOut()));
  });
});

describe('a gate in a run that grew long', () => {
  const carried = {
    status: 'waiting' as const,
    steps: { statuses: '33320', details: { image: { result: said.archive } } },
    deployed: [{ step: 'staging', stage: 'staging', releaseDigest: said.pinned.releaseDigest }],
    places: { staging: 'paused' as const, production: 'paused' as const },
    wasPutBack: false,
    notPutBack: [],
  };
  const goesOn = () => new History('run', runInput(delivery(), carried)).waits('7200s');

  it('goes along into the new history', () =>
    waiting().hears('stageGranted', { stage: 'x' }).wakes({ isFull: true }).continuesAsNew('run'));

  it('lets the run go on there when it approves', () => {
    const answer = { step: 'approve', outcome: 'approved', reason: null };
    const story = goesOn().hears('gateAnswered', answer).wakes().waitsNoMore();
    story.waits('86400s').describes().local('recordRun', 'takePlace');
    return keeps(serves('production', granted('production', story)), 'staging', 'production');
  });

  it('is closed there when the run is cancelled', () => {
    const story = goesOn().update('cancel', cancel).waitsNoMore();
    story.answers({ status: 'running' }).describes().waits('30s').cancels(GATE_ID);
    story
      .local('recordRun', 'takePlace')
      .hasCancelled(GATE_ID)
      .wakes()
      .local('recordRun')
      .timesOut();
    return endsPutBack(putsBack(story));
  });
});

describe('cancelling a delivery', () => {
  it('before the deploy changes no stage', () => {
    const story = asked().update('cancel', cancel).waitsNoMore().answers({ status: 'running' });
    return endsPutBack(story);
  });

  it('while people are asked closes the gate and puts the stage back', () => {
    const story = waiting().update('cancel', cancel).waitsNoMore();
    story.answers({ status: 'running' }).describes().waits('30s').cancels(GATE_ID);
    story.local('recordRun', 'takePlace').hasCancelled(GATE_ID).wakes().local('recordRun');
    const turn = story.hears('stageGranted', { stage: 'staging' }).wakes().waitsNoMore();
    return endsPutBack(putsBack(turn));
  });

  it('while a commit is made puts that back', () => {
    const story = granted().schedules('pinRelease').update('cancel', cancel, { status: 'running' });
    return endsPutBack(
      putsBackWithNews(story.returns('pinRelease', said.pinned).wakes().callsInVain()),
    );
  });

  it('while a check runs puts the stage back at once', () => {
    const story = checking()
      .update('cancel', cancel)
      .stops('checkStage')
      .answers({ status: 'running' })
      .schedules('putBack')
      .stopped('checkStage')
      .returns('putBack', said.putBack)
      .wakes()
      .schedules('awaitPutBack')
      .local('recordRun')
      .returns('awaitPutBack', said.yes)
      .wakes();
    return endsPutBack(story);
  });
});
