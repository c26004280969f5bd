/** Pulls of model files: begun, followed, resumed after a restart, given up. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Failure, Pull, PullWish, UploadWish } from '../../workflows/domain/pull.js';
import { SlipwayError, wordsOf } from '../platform/errors.js';
import type { Log } from '../platform/logging.js';
import { claim } from './claim.js';
import { FETCH_LIMITS, type FetchLimits, fetchAll } from './fetching.js';
import { Part, type PartState } from './part.js';
import { PullRefused } from './pull.errors.js';
import type { Hub } from './request.js';
import { Shelf, type ShelfParts } from './shelf.js';
import { nameOf, type Source, sourceOf } from './source.js';
import { sweep } from './sweep.js';
import { takePiece, UPLOAD_LIMITS, type UploadLimits } from './upload.js';

export interface LibraryParts extends ShelfParts {
  /** Of bytes that are not a model yet: below SLIPWAY_HOME. */
  folder: string;
  hub: Hub;
  log: Log;
  limits?: Partial<FetchLimits & UploadLimits>;
}

/** Files that are fetched or checked at once, of one process. */
const MAX_AT_ONCE = 4;
const MAX_LISTED = 200;

interface Running {
  part: Part;
  ends: AbortController;
  ended: Promise<void>;
}

export class Library {
  private readonly running = new Map<string, Running>();
  private readonly limits: FetchLimits & UploadLimits;
  private readonly shelf: Shelf;
  private isClosed = false;

  constructor(private readonly parts: LibraryParts) {
    this.limits = { ...FETCH_LIMITS, ...UPLOAD_LIMITS, ...parts.limits };
    this.shelf = new Shelf(parts);
  }

  async pull(wish: PullWish, by: string): Promise<Pull> {
    const source = sourceOf(wish.source, this.parts.hub.url);
    const id = idOf(source.shown);
    const running = await this.underWay(id);
    if (running) return running.view();
    const name = wish.name ?? nameOf(source.file);
    const hasQuery = source.url.search !== '';
    return this.begin(
      id,
      {
        kind: 'fetch',
        name,
        replace: wish.replace ?? false,
        source: source.shown,
        url: hasQuery ? null : wish.source,
        sha256: wish.sha256 ?? null,
        state: 'fetching',
        by,
      },
      source,
    );
  }

  async upload(
    { name, file, sha256, bytes, replace = false }: UploadWish,
    by: string,
  ): Promise<Pull> {
    const id = idOf(`upload ${sha256}`);
    const running = await this.underWay(id);
    if (running) return running.view();
    const source = `file:${file}`;
    const about = {
      kind: 'upload',
      name: name ?? nameOf(file),
      replace,
      source,
      url: null,
      sha256,
      state: 'waiting',
      by,
    } as const;
    return this.begin(id, { ...about, totalBytes: bytes });
  }

  async receive(id: string, offset: number, piece: Readable): Promise<Pull | undefined> {
    const part = await Part.find(this.parts.folder, id);
    if (part?.state.kind !== 'upload' || this.running.has(id)) return part?.view();
    const release = await this.claim(id);
    try {
      await takePiece(part, { offset, piece, limits: this.limits });
    } finally {
      await release();
    }
    if (part.state.bytes === part.state.totalBytes) await this.start(part, undefined);
    return part.view();
  }

  async pulls(): Promise<Pull[]> {
    const ids = await Part.ids(this.parts.folder);
    const found = await Promise.all(ids.map((id) => this.find(id)));
    return found
      .filter((pull) => pull !== undefined)
      .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
      .slice(0, MAX_LISTED);
  }

  async find(id: string): Promise<Pull | undefined> {
    const part = this.running.get(id)?.part ?? (await Part.find(this.parts.folder, id));
    return part?.view();
  }

  async discard(id: string): Promise<boolean> {
    const running = this.running.get(id);
    running?.ends.abort(new Error('given up'));
    await running?.ended;
    const part = await Part.find(this.parts.folder, id);
    if (part === undefined) return false;
    const release = await this.claim(id);
    await part.remove();
    await release();
    return true;
  }

  /** At the start of a process: what was cut off goes on, and what nobody wants any more goes. */
  async resume(): Promise<void> {
    await mkdir(this.parts.folder, { recursive: true });
    await sweep(this.parts.folder);
    for (const id of await Part.ids(this.parts.folder)) {
      const part = await Part.find(this.parts.folder, id);
      if (part === undefined) continue;
      if (['fetching', 'stopped', 'checking'].includes(part.state.state)) await this.goOn(part);
    }
  }

  /** What is fetched stays where it is; the next process goes on. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const { ends } of this.running.values()) ends.abort(new Error('the process ends'));
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  /** One that has come to its end only puts its things away: that is waited for. */
  private async underWay(id: string): Promise<Part | undefined> {
    const running = this.running.get(id);
    if (running === undefined || ['fetching', 'checking'].includes(running.part.state.state)) {
      return running?.part;
    }
    await running.ended;
    return undefined;
  }

  /** What another process of the same folder does is left alone. */
  private async goOn(part: Part): Promise<void> {
    const { id, url, kind, state } = part.state;
    const source = url === null ? undefined : sourceOf(url, this.parts.hub.url);
    const canGoOn = source !== undefined || (kind === 'upload' && state === 'checking');
    try {
      if (canGoOn && this.running.size < MAX_AT_ONCE) return await this.start(part, source);
      const release = await this.claim(id);
      await part.save({ state: 'stopped' });
      await release();
    } catch (error) {
      if (!(error instanceof PullRefused)) throw error;
    }
  }

  private async begin(id: string, about: About, source?: Source): Promise<Pull> {
    const { folder } = this.parts;
    await mkdir(folder, { recursive: true });
    const before = await Part.find(folder, id);
    const kept = before?.state.state === 'done' ? undefined : before?.state;
    const startedAt = new Date().toISOString();
    const part = new Part(folder, { ...FRESH, ...kept, ...about, id, failure: null, startedAt });
    if (part.state.sha256 !== null) {
      const digest = `sha256:${part.state.sha256}`;
      await this.shelf.demandName(about, digest, new AbortController().signal);
      if (await this.shelf.has(part.state.sha256)) part.state.digest = digest;
    }
    const isWhole = part.state.digest !== null || part.state.bytes === part.state.totalBytes;
    if (source !== undefined || isWhole) await this.start(part, source);
    else await part.save();
    return part.view();
  }

  /** Goes on in the background; returns when it is sure that nobody else does it. */
  private async start(part: Part, source: Source | undefined): Promise<void> {
    const { id } = part.state;
    if (this.isClosed || this.running.size >= MAX_AT_ONCE) {
      const help = 'Wait until one of them is done, or give one up; then pull again.';
      throw new PullRefused('too-many-pulls', `${this.running.size} pulls are under way`, help);
    }
    const ends = new AbortController();
    let ended: () => void = () => {};
    const running = { part, ends, ended: new Promise<void>((resolve) => (ended = resolve)) };
    this.running.set(id, running);
    try {
      const release = await this.claim(id);
      await part.save();
      const work = async (): Promise<void> => {
        await this.work(part, source, ends.signal);
        await release();
      };
      void work()
        .catch((err: unknown) => this.parts.log.error({ err }, 'a pull ended badly'))
        .finally(() => {
          this.running.delete(id);
          ended();
        });
    } catch (error) {
      this.running.delete(id);
      ended();
      throw error;
    }
  }

  private async work(part: Part, source: Source | undefined, signal: AbortSignal): Promise<void> {
    const { hub } = this.parts;
    try {
      const isStored = part.state.digest !== null && (await this.shelf.has(hexOf(part)));
      if (source !== undefined && !isStored) {
        await part.save({ state: 'fetching', digest: null });
        await fetchAll({ part, source, hub, limits: this.limits, signal });
      }
      await this.shelf.put(part, signal);
    } catch (error) {
      if (signal.aborted) await part.save({ state: 'stopped' });
      else await this.lament(part, error);
    }
  }

  private async lament(part: Part, error: unknown): Promise<void> {
    const { name, source } = part.state;
    const failure = failureOf(error);
    this.parts.log.warn(
      { model: name, source, code: failure.code, why: failure.message },
      'a pull failed',
    );
    await part.save({ state: 'failed', failure });
  }

  private async claim(id: string): Promise<() => Promise<void>> {
    const release = await claim(join(this.parts.folder, `${id}.claim`));
    if (release) return release;
    const help = 'Wait until it is done; it is in the list of pulls.';
    throw new PullRefused('pull-elsewhere', 'another process pulls this file', help);
  }
}

type About = Pick<
  PartState,
  'kind' | 'name' | 'replace' | 'source' | 'url' | 'sha256' | 'state' | 'by'
> &
  Partial<Pick<PartState, 'totalBytes'>>;

const FRESH = { linked: null, bytes: 0, totalBytes: null, validator: null, digest: null };

function hexOf({ state }: Part): string | null {
  return state.digest?.slice('sha256:'.length) ?? null;
}

function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function failureOf(error: unknown): Failure {
  if (error instanceof SlipwayError) {
    const { code, message, help } = error;
    return { code, message, help };
  }
  const isFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
  const help = isFull
    ? 'Make room below SLIPWAY_HOME, then pull again.'
    : 'See the log of the API.';
  return { code: isFull ? 'disk-full' : 'pull-errored', message: wordsOf(error), help };
}
