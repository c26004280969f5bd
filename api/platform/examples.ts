/** One small world that the examples of /docs tell about. */
const commit = '3f786850e387550fdab836ed7e6dc881de23001b';
const digest = `sha256:${'ab'.repeat(32)}`;
const at = '2026-11-20T09:30:00.000Z';

export const run = {
  id: 'chat-app-1',
  repository: 'chat-app',
  pipeline: 'chat-app',
  commit,
  branch: 'main',
  order: 1,
  trigger: { kind: 'push', by: 'ada', inputs: {} },
  status: 'waiting',
  reason: null,
  createdAt: at,
  startedAt: at,
  finishedAt: null,
  temporalUrl: null,
};
export const step = {
  name: 'test',
  kind: 'run',
  needs: ['verify'],
  status: 'succeeded',
  reason: null,
  summary: '3 commands ok',
  exitCode: 0,
  signal: null,
  attempts: 1,
  startedAt: at,
  finishedAt: at,
};
export const stageEvent = {
  kind: 'deploy',
  revision: commit,
  digest,
  rejected: null,
  runId: 'chat-app-1',
  reason: null,
  at,
};
export const stage = {
  repository: 'chat-app',
  name: 'staging',
  url: 'http://127.0.0.1:7900',
  health: 'healthy',
  message: 'answers 200',
  serving: { digest, commit, runId: 'chat-app-1' },
  queue: [],
  history: [stageEvent],
};
export const release = {
  digest,
  repository: 'chat-app',
  commit,
  runId: 'chat-app-1',
  artifacts: [{ name: 'image', kind: 'archive', digest, bytes: 48_213, command: 'node main.js' }],
  createdAt: at,
};
export const pipeline = {
  text: 'version: 1\nname: chat-app\nsteps:\n  test: { run: [npm test] }\n',
};
export const finding = {
  file: '.slipway/pipeline.yaml',
  line: 14,
  field: 'steps.deploy.needs[0]',
  message: 'there is no step "biuld"',
  help: 'did you mean "build"?',
};
export const answer = { answer: 'reject', reason: 'the search page is slow' };

/** Of the upload of a file whose sha256 is `ab` 32 times; activities/models/library.ts makes it so. */
const UPLOAD = '6af371a2f6dfa00891bff7a86ae0dd80';

/** Parameters of addresses: by name, by resource and name, or by these and what comes behind. */
export const names: Record<string, string> = {
  'runs id': run.id,
  'steps name': step.name,
  runId: run.id,
  'approvals step': 'approve',
  step: step.name,
  repository: run.repository,
  'stages name': 'staging',
  'tickets id': 't-018f3c1e',
  'conversations id': '018f3c1e-7a52-7c3b-9d10-000000000001',
  'turns id': '018f3c1e-7a52-7c3b-9d10-000000000003',
  // A question; the others are about its answer.
  'turns id/edit': '018f3c1e-7a52-7c3b-9d10-000000000002',
  'proposals id': '018f3c1e-7a52-7c3b-9d10-000000000005',
  'models model': 'toy',
  'models name': 'small.Q4_K_M',
  'servings name': 'default',
  // Of the upload that is the example beside it.
  'pulls id': UPLOAD,
  'uploads id': UPLOAD,
  login: 'ada',
  digest: release.digest,
};
