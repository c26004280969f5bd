/** What people write as a source, and what it means. */
import { ModelName } from '../../workflows/domain/chat.js';
import { BadSource } from './pull.errors.js';

export interface Source {
  /** Where it is fetched from; may carry a query with credentials, so it is never written down. */
  url: URL;
  /** As it is recorded and shown: without query, fragment and credentials. */
  shown: string;
  /** The name of its file. */
  file: string;
  /** Of the hub: asked with its token, and it says the checksum of what it sends. */
  isHub: boolean;
}

const MAX_SOURCE_CHARS = 4_000;
const HUB = /^hf:([\w.-]{1,96})\/([\w.-]{1,96}):([\w./+ -]{1,400})$/;
/** Models in several files: a loader needs all of them, and a digest names one. */
const SPLIT = /-\d{5}-of-\d{5}\.gguf$/i;

/**
 * @param hub address of the hub that `hf:` means.
 * @throws {BadSource}
 */
export function sourceOf(text: string, hub: string): Source {
  if (text.length > MAX_SOURCE_CHARS) throw new BadSource('the source is too long', HOW);
  const source = text.startsWith('hf:') ? ofHub(text, hub) : ofUrl(text);
  if (SPLIT.test(source.file)) {
    const help = 'Take a model that is one file, or join the parts with llama-gguf-split --merge.';
    throw new BadSource(`"${source.file}" is one of several files of a model`, help);
  }
  return source;
}

const HOW = 'A source is a URL with http or https, or hf:owner/name:file.gguf.';

function ofHub(text: string, hub: string): Source {
  const [, owner = '', name = '', path = ''] = HUB.exec(text) ?? [];
  const parts = path.split('/');
  if (path === '' || [owner, name, ...parts].some((part) => /^\.{0,2}$/.test(part))) {
    throw new BadSource('this is no file of the hub', HOW);
  }
  const address = `${owner}/${name}/resolve/main/${parts.map(encodeURIComponent).join('/')}`;
  const url = new URL(address, hub.endsWith('/') ? hub : `${hub}/`);
  return { url, shown: text, file: parts.at(-1) ?? '', isHub: true };
}

function ofUrl(text: string): Source {
  if (!URL.canParse(text)) throw new BadSource('this is no address', HOW);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BadSource(`"${url.protocol}" is not fetched from`, HOW);
  }
  if (url.username !== '' || url.password !== '') {
    const help = 'Take an address without "user:password@", such as a signed one.';
    throw new BadSource('the address holds credentials', help);
  }
  const shown = `${url.origin}${url.pathname}`;
  return { url, shown, file: decoded(url.pathname.split('/').at(-1) ?? ''), isHub: false };
}

/** @throws {BadSource} when no name can be made of it. */
export function nameOf(file: string): string {
  const name = file
    .replace(/\.gguf$/i, '')
    .replace(/[^a-zA-Z0-9._-]+/g, '-')
    .replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '')
    .slice(0, 100);
  const parsed = ModelName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new BadSource('no name can be made of the source', 'Give one with --name.');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
