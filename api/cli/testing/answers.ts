/** One command line against an API that answers each request with the next of some documents. */
import { runCli } from '../program.js';

export interface Told {
  code: number;
  out: string;
  err: string;
  heard: { method: string; path: string; body: unknown }[];
}

/** @param secret what standard input holds. A `Response` is given as it is; an answer that is missing is a 204. */
export async function told(
  line: string,
  answers: unknown[],
  secret = 'from-a-pipe',
): Promise<Told> {
  const [out, err]: [string[], string[]] = [[], []];
  const heard: Told['heard'] = [];
  const real = globalThis.fetch;
  globalThis.fetch = async (address, init) => {
    const { pathname, search } = new URL(address as string);
    const body: unknown = init?.body === undefined ? undefined : JSON.parse(init.body as string);
    heard.push({ method: init?.method ?? '', path: `${pathname}${search}`, body });
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    return answer === undefined
      ? new Response(null, { status: 204 })
      : new Response(JSON.stringify(answer));
  };
  try {
    const code = await runCli(line.split(' '), {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      env: { SLIPWAY_URL: 'http://api', SLIPWAY_TOKEN: 'token' },
      cwd: '/',
      terminal: undefined,
      colour: false,
      secret: () => Promise.resolve(secret),
      interrupted: new AbortController().signal,
    });
    return { code, out: out.join('\n'), err: err.join('\n'), heard };
  } finally {
    globalThis.fetch = real;
  }
}
