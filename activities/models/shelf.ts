/** From a whole part to a model: checksum, metadata, artifact store, record. */
import type { ArtifactStore } from '../artifacts/artifacts.ports.js';
import { type GgufFacts, readGguf } from '../platform/gguf.js';
import { keepTrying } from '../platform/keep-trying.js';
import type { Log } from '../platform/logging.js';
import { BadModelFile } from '../platform/model-errors.js';
import { StoreUnavailable } from '../store/errors.js';
import type { ModelsStore } from '../store/store.ports.js';
import type { Part, PartState } from './part.js';
import { ChecksumMismatch, PullRefused } from './pull.errors.js';

export interface ShelfParts {
  artifacts: ArtifactStore;
  models: Pick<ModelsStore, 'put' | 'get'>;
  log: Pick<Log, 'info' | 'warn'>;
}

export class Shelf {
  constructor(private readonly parts: ShelfParts) {}

  /**
   * Safe to repeat, also after a kill in its midst: the same bytes have the same digest, and the same
   * model the same record.
   *
   * @throws {ChecksumMismatch} {BadModelFile}: nothing was stored, and the bytes are dropped.
   * @throws {PullRefused} `model-name-taken`: the bytes are kept for another name.
   */
  async put(part: Part, signal: AbortSignal): Promise<void> {
    const { artifacts } = this.parts;
    await part.save({ state: 'checking' });
    const known = part.state.digest;
    if (known === null || !(await artifacts.has(known))) {
      const { digest, facts } = await this.check(part, signal);
      await this.demandName(part.state, digest, signal);
      await part.save({ digest });
      await artifacts.putFile(part.path);
      return this.record(part, { digest, facts }, signal);
    }
    const facts = await readGguf(await artifacts.path(known));
    return this.record(part, { digest: known, facts }, signal);
  }

  /** Whether the store has these bytes already: then nothing must be brought. */
  async has(sha256: string | null): Promise<boolean> {
    return sha256 !== null && (await this.parts.artifacts.has(`sha256:${sha256}`));
  }

  /** @throws {PullRefused} `model-name-taken`, when the name is a model of other bytes. */
  async demandName(
    { name, replace }: Pick<PartState, 'name' | 'replace'>,
    digest: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (replace) return;
    const found = await this.patiently(() => this.parts.models.get(name), signal);
    if (found === undefined || found.digest === digest) return;
    throw new PullRefused(
      'model-name-taken',
      `there is a model "${name}" of other bytes, ${found.digest}`,
      'Pull again with another --name, or with --replace: what serves that name then follows.',
    );
  }

  private async check(part: Part, signal: AbortSignal) {
    try {
      const sha256 = await part.digest(signal);
      const wanted = part.state.sha256 ?? part.state.linked;
      if (wanted !== null && wanted !== sha256) throw new ChecksumMismatch(wanted, sha256);
      return { digest: `sha256:${sha256}`, facts: await readGguf(part.path) };
    } catch (error) {
      const isUseless = error instanceof ChecksumMismatch || error instanceof BadModelFile;
      if (isUseless) await part.empty();
      throw error;
    }
  }

  private async record(
    part: Part,
    { digest, facts }: { digest: string; facts: GgufFacts },
    signal: AbortSignal,
  ): Promise<void> {
    const { kind, bytes, ...metadata } = facts;
    const { name, source, by: createdBy } = part.state;
    const row = { name, digest, bytes, source, kind, metadata, createdBy };
    await this.patiently(() => this.parts.models.put(row), signal);
    await part.save({ state: 'done', digest, bytes, totalBytes: bytes, failure: null });
    this.parts.log.info({ model: name, digest, bytes, source }, 'a model is stored');
  }

  private patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { log } = this.parts;
    const isAway = (error: unknown) => error instanceof StoreUnavailable;
    return keepTrying(work, { part: 'PostgreSQL', log, signal, isAway });
  }
}
