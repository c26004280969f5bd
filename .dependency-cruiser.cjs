/** The arrows of docs/ARCHITECTURE.md, enforced. Change both together. */
const code = (path) => ({ path, pathNot: '\\.test\\.ts$' });
const asType = { dependencyTypesNot: ['type-only'] }; // Matches value imports only: types may pass.

const arrows = [
  // name, why, from, to (forbidden)
  ['domain-is-pure', 'domain and pipeline know themselves and zod; the YAML door of pipeline also its three parsers',
    code('^workflows/(domain|pipeline)/'),
    { pathNot: '^(workflows/(domain|pipeline)|node_modules/(zod|yaml|picomatch|fastest-levenshtein))/' }],
  ['plans-travel-alone', 'workflows read plans and templates; the door that parses YAML stays outside',
    { path: '^workflows/(run|approval|stage|steps)/', pathNot: '\\.test\\.ts$' },
    { path: '^workflows/pipeline/', pathNot: '^workflows/pipeline/(plan|stages|template)\\.ts$' }],
  ['sandbox-packages', 'workflow code loads only what Temporal can replay',
    { path: '^workflows/', pathNot: '(\\.test\\.ts$|^workflows/(testing|pipeline)/)' },
    { dependencyTypes: ['npm', 'core'], pathNot: '(@temporalio/(workflow|common)|node_modules/zod)/' }],
  ['activities-as-types', 'proxyActivities needs the type; the sandbox holds no I/O',
    code('^workflows/'), { path: '^activities/', ...asType }],
  ['work-ignores-the-door', 'work does not know who asked for it',
    { path: '^(workflows|activities)/' }, { path: '^api/' }],
  ['workflow-bodies-are-private', 'others know messages and types, never bodies',
    { path: '^(activities|api)/' }, { path: '\\.workflow\\.ts$', ...asType }],
  ['areas-are-islands', 'an area shares ports with nobody but store, artifacts, logs and platform',
    { path: '^activities/([^/]+)/', pathNot: '^activities/worker/' },
    { path: '^activities/', pathNot: '^activities/($1|store|artifacts|logs|platform)/' }],
  ['api-does-no-io', 'the API reaches the outside through the store, the platform and Temporal',
    { path: '^api/', pathNot: '^api/(dev/|main\\.)' },
    { path: '^activities/', pathNot: '^activities/(store|platform)/' }],
  ['clients-speak-http', 'cli, web and e2e use the door like everybody else',
    { path: '^api/(cli|web|e2e)/' },
    { path: '^(api|activities)/', pathNot: '^api/($1|client)/|^api/dev/' }],
  ['client-is-thin', 'the client carries domain schemas and nothing else',
    code('^api/client/'), { path: '^(api|activities)/', pathNot: '^api/client/' }],
  ['browsers-meet-no-temporal', 'messages pull in the SDK; the domain does not',
    { path: '^api/(client|cli|web)/' }, { path: '(\\.messages\\.ts$|@temporalio/)' }],
  ['only-e2e-starts-the-stack', 'the dev stack is a place where parts meet',
    { pathNot: '^api/(e2e|dev)/' }, { path: '^api/dev/' }],
  ['mains-are-leaves', 'nobody imports a process', {}, { path: '(^|/)main\\.ts$' }],
  ['no-cycles', 'a cycle is one module in two files', {}, { circular: true, viaOnly: asType }],
];

module.exports = {
  forbidden: arrows.map(([name, comment, from, to]) => (
    { name, comment, severity: 'error', from, to })),
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
