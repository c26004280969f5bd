/** The chapters of a delivery, for stories: image, staging, integration, approve, production. */
import type { PlannedStep } from '../pipeline/plan.js';
import { History } from './history.js';
import { check, deploy, gate, image, runInput, said } from './plans.js';

export const GATE_ID = 'approval:web-42:approve';
export const queueOf = (stage: string): string => `stage:web:${stage}`;

export const delivery = (): PlannedStep[] => [
  image,
  deploy('staging', ['image']),
  check('staging'),
  gate(['integration']),
  deploy('production', ['approve']),
];

/** The archive is there. */
export const built = (steps: PlannedStep[] = delivery()): History =>
  new History('run', runInput(steps))
    .describes()
    .local('openRun', 'takePlace')
    .schedules('buildArchive')
    .local('recordRun')
    .returns('buildArchive', said.archive)
    .wakes();

/** The first deploy asks for its turn. */
export const asked = (story: History = built()): History =>
  story.waits('86400s').local('recordRun', 'takePlace');

/** It has its turn. */
export const granted = (stage = 'staging', story: History = asked()): History =>
  story.hears('stageGranted', { stage }).wakes().waitsNoMore().describes();

/** The stage serves the release. */
export const serves = (stage = 'staging', story: History = granted(stage)): History =>
  story.activity('pinRelease', said.pinned).activity('awaitServing', said.yes);

/** The check is being made. */
export const checking = (story: History = serves()): History =>
  story.schedules('checkStage').local('recordRun');

/** The check said yes, and the gate is open. */
export const waiting = (story: History = checking()): History =>
  story
    .returns('checkStage', said.yes)
    .wakes()
    .local('servingCommit', ['observeStages', []], ['listApprovers', ['ada']], 'recordRun')
    .local(['summariseChange', said.change])
    .child('approval', GATE_ID)
    .waits('7200s')
    .describes()
    .local('recordRun', 'takePlace');

export const answered = (outcome: string, story: History = waiting()): History =>
  story.hears('gateAnswered', { step: 'approve', outcome, reason: 'r' }).wakes().waitsNoMore();

/** The stage is put back. */
export const putsBack = (story: History): History =>
  story.activity('putBack', said.putBack).activity('awaitPutBack', said.yes);

/** The same, while the record hears why: the step's activity did not tell it. */
export const putsBackWithNews = (story: History): History =>
  story
    .schedules('putBack')
    .local('recordRun')
    .returns('putBack', said.putBack)
    .wakes()
    .activity('awaitPutBack', said.yes);

/** Gives up its places, with their queues hearing it. */
export const leaves = (story: History, ...stages: string[]): History => {
  for (const stage of stages) story.tells(queueOf(stage), 'leave');
  return story;
};
export const left = (story: History, ...stages: string[]): History => {
  for (const stage of stages) story.told(queueOf(stage), 'leave');
  return story.wakes();
};
