/** A small service for scenarios: says its version, and can be made to fail on request. */

/** What the service does: `broken` answers 500 on /health; `dies` turns unhealthy after some requests. */
export interface Behaviour {
  version: string;
  broken?: boolean;
  /** Every path answers 500 from this many milliseconds after the start on. */
  sickAfterMs?: number;
}

export function service({ version, broken = false, sickAfterMs }: Behaviour): string {
  return `import { createServer } from 'node:http';
const started = Date.now();
createServer((request, response) => {
  const sick = ${sickAfterMs === undefined ? 'false' : `Date.now() - started > ${sickAfterMs}`};
  const bad = sick || (${broken} && request.url === '/health');
  response.statusCode = bad ? 500 : 200;
  response.end(request.url === '/health' ? (bad ? 'bad' : 'good') : '${version}');
}).listen(Number(process.env.PORT), '127.0.0.1');
`;
}

/** Build, staging, a check of it; then a gate and production, where asked for. */
export function pipeline(options: { gate?: string; watch?: string; steps?: string } = {}): string {
  const gate = options.gate
    ? `  ask: { needs: [integration], approve: { stage: production, ${options.gate} } }
  production: { needs: [ask], deploy: { release: [app], stage: production${options.watch ? `, watch: ${options.watch}` : ''} } }
`
    : '';
  return `version: 1
name: delivery
steps:
  test: { run: [node --check server.mjs] }
  app: { needs: [test], build: { kind: archive, paths: [server.mjs], command: node server.mjs } }
  staging: { needs: [app], deploy: { release: [app], stage: staging } }
  integration: { needs: [staging], check: { stage: staging, http: [{ get: /health, expect: { status: 200 } }], tries: 2 } }
${gate}${options.steps ?? ''}`;
}

export function files(behaviour: Behaviour, text: string): Record<string, string> {
  return { 'server.mjs': service(behaviour), '.slipway/pipeline.yaml': text };
}
