/** One GET of a small JSON document from a service that keeps secrets. Redirects are not followed. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { SecretsUnavailable } from './secrets.errors.js';

/** From the question to the end of the answer, milliseconds. */
const ANSWER_LIMIT_MS = 10_000;
/** No secret is as large; Kubernetes keeps at most 1 MiB in one object. Bytes. */
const MAX_ANSWER_BYTES = 2_097_152;

export interface Question {
  url: URL;
  headers: Record<string, string>;
  /** Certificates to trust instead of the system's, PEM. */
  ca?: string | undefined;
}

/** Of whom we ask, in messages: `Vault`. */
export interface Asked {
  where: string;
  /** What to do when it does not answer as it should. */
  help: string;
}

/**
 * The document of a 200, undefined for a 404. Repeatable.
 *
 * @throws {SecretsUnavailable} for everything else. Holds nothing of the question's headers or the answer.
 */
export async function askFor(question: Question, { where, help }: Asked): Promise<unknown> {
  const fail = (what: string, cause?: unknown) => new SecretsUnavailable(where, what, help, cause);
  const { host } = question.url;
  const { status, text } = await answerOf(question).catch((error: Error) => {
    throw fail(`at ${host} cannot be reached: ${error.message}`, error);
  });
  if (status === 404) return undefined;
  if (status !== 200) throw fail(`at ${host} answered ${status}`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw fail(`at ${host} answered something that is not JSON`);
  }
}

function answerOf({ url, headers, ca }: Question): Promise<{ status: number; text: string }> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  return new Promise((resolve, reject) => {
    const late = (error: Error) =>
      reject(signal.aborted ? new Error(`no answer within ${ANSWER_LIMIT_MS / 1_000} s`) : error);
    const asking = request(url, { headers, signal, agent: false, ...(ca ? { ca } : {}) });
    asking.once('error', late);
    asking.once('response', (response) => {
      textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), late);
    });
    asking.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      response.destroy();
      throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
