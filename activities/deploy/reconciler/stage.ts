/**
 * One stage: makes what runs follow what is wanted. The new instance starts beside the old one, gets the
 * traffic once it is healthy, and the old one is ended when it has answered its last request.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Release } from '../../../workflows/domain/release.js';
import { wordsOf } from '../../platform/errors.js';
import { diskTrouble, machineTrouble } from '../../platform/machine.js';
import { freePort, Instance, type Objection } from './instance.js';
import { keepSmall } from './instance-log.js';
import { endGroup } from './processes.js';
import { StageProxy, type Upstream } from './proxy.js';
import { DriftCheck, folderName, prepareRelease, prune } from './release-folder.js';
import type { Report } from './reporter.js';
import { readStage, writeStage } from './state.js';
import { failedAgain, NO_FAILURE, short, verdictOn } from './verdict.js';
import type { Wanted } from './wanted.js';

const LOOK_MS = 1_000;
/** Files of the unpacked release that one look compares with the manifest; two looks a check. */
const FILES_A_LOOK = 2_500;
/** An instance that lived this long counts as good; its end is the first one again. Milliseconds. */
const GOOD_LIFE_MS = 60_000;
/** Starts on other ports when the chosen one was taken by somebody else in between. */
const PORT_TRIES = 3;

export interface StagePlace {
  repository: string;
  name: string;
  /** Where the stage keeps releases, logs and its state. */
  folder: string;
  /** Of the artifact store. */
  artifacts: string;
  /** Looks without any answer after which an instance is ended, and started again. */
  silentLooks: number;
}

export interface StageEvents {
  report: (report: Report) => void;
  say: (line: string) => void;
}

interface Serving {
  instance: Instance;
  upstream: Upstream;
  drift: DriftCheck;
  since: number;
  /** Unhealthy looks in a row, and those of them that met silence. */
  objections: number;
  silences: number;
  objection: Objection | undefined;
}

interface BringingUp {
  digest: string;
  abort: AbortController;
}

export class Stage {
  private wanted: Wanted | undefined;
  private serving: Serving | undefined;
  private bringing: BringingUp | undefined;
  /** Instances that are being started or ended. */
  private readonly others = new Set<Instance>();
  private failure = NO_FAILURE;
  private isChanged = false;
  /** False while what is written down is not what is. */
  private isSaved = true;
  private isStopped = false;
  /** What ends late writes nothing any more: the home may have another reconciler by then. */
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly place: StagePlace,
    private readonly events: StageEvents,
    private readonly proxy: StageProxy,
  ) {}

  /** Opens the stable port, and adopts the instance that served when the last reconciler ended. */
  static async open(place: StagePlace, events: StageEvents): Promise<Stage> {
    await mkdir(place.folder, { recursive: true });
    const state = readStage(place.folder);
    const proxy = await StageProxy.open(place.name, state.port);
    const stage = new Stage(place, events, proxy);
    if (state.port !== 0 && proxy.port !== state.port) {
      stage.say(
        `port ${state.port} is taken by somebody else; the URL is ${proxy.url} from now on`,
      );
    }
    const adopted = state.serving && Instance.adopt(state.serving);
    if (adopted) stage.serve(adopted);
    for (const record of state.others) void endGroup(record, 0);
    if (state.serving && !adopted) void endGroup(state.serving, 0);
    stage.save();
    stage.timer = setTimeout(() => void stage.look(), LOOK_MS);
    return stage;
  }

  /** Process groups that belong to the stage. */
  get groups(): number[] {
    const instances = [...this.others, ...(this.serving ? [this.serving.instance] : [])];
    return instances.map(({ record }) => record.pid);
  }

  want(wanted: Wanted): void {
    if (this.wanted?.release?.digest !== wanted.release?.digest) {
      this.failure = NO_FAILURE;
    }
    this.wanted = wanted;
    this.steer();
  }

  /** @param endInstances false: they go on, for the next reconciler to adopt. */
  async stop({ endInstances }: { endInstances: boolean }): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.bringing?.abort.abort();
    await this.proxy.close();
    if (endInstances) {
      const instances = [...this.others, ...(this.serving ? [this.serving.instance] : [])];
      await Promise.all(instances.map((instance) => instance.end()));
      this.serving = undefined;
      this.others.clear();
      this.save();
    }
    this.isClosed = true;
  }

  /** Decides, from what is wanted and what runs, what to begin and what to give up. Begins it at once. */
  private steer(): void {
    if (this.isStopped || !this.wanted) return;
    const { release, problem } = this.wanted;
    if (this.bringing && this.bringing.digest !== release?.digest) this.bringing.abort.abort();
    if (
      release &&
      !this.serves(release) &&
      !this.bringing &&
      performance.now() >= this.failure.retryAt
    ) {
      this.begin(release);
    }
    if (!release && !problem && this.serving) {
      this.say('nothing should serve any more');
      const { serving } = this;
      this.serving = undefined;
      this.proxy.switchTo(null);
      void this.retire(serving);
    }
    this.proxy.isExpecting = this.bringing !== undefined;
    this.report();
  }

  private serves({ digest }: Release): boolean {
    return this.serving?.instance.record.digest === digest && !this.isChanged;
  }

  private begin(release: Release): void {
    const abort = new AbortController();
    this.bringing = { digest: release.digest, abort };
    void this.bringUp(release, abort.signal)
      .catch((error: unknown) => this.failed('cannot be started', { isFatal: true, cause: error }))
      .finally(() => {
        this.bringing = undefined;
        this.steer();
      });
  }

  private async bringUp(release: Release, signal: AbortSignal): Promise<void> {
    const { folder: stage, artifacts } = this.place;
    this.say(`starting ${short(release.commit)}, release ${short(release.digest)}`);
    const folder = await prepareRelease({ stage, artifacts }, release, this.isChanged);
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      if (signal.aborted) return;
      const instance = this.start(release, folder, port);
      const objection = await instance.becomesHealthy(signal);
      if (objection === undefined && !signal.aborted) return this.handOver(instance);
      void this.end(instance);
      if (signal.aborted) return;
      if (objection?.includes('EADDRINUSE') && tries < PORT_TRIES) continue;
      return this.failed(objection ?? '', { isFatal: true });
    }
  }

  private start(release: Release, folder: string, port: number): Instance {
    const { folder: stage, name } = this.place;
    const logFile = join(stage, `${folderName(release.digest)}.log`);
    const home = join(stage, 'home');
    const instance = Instance.start(release, { folder, home, logFile, stage: name, port });
    this.others.add(instance);
    this.save();
    return instance;
  }

  /** The traffic goes to the new instance; then the old one ends in its own time. */
  private handOver(instance: Instance): void {
    const old = this.serving;
    this.isChanged = false;
    this.failure = { ...this.failure, isFatal: false };
    this.serve(instance);
    this.save();
    this.say(`serves ${short(instance.record.commit)} at ${this.proxy.url}`);
    this.report();
    if (old) void this.retire(old);
  }

  private serve(instance: Instance): void {
    this.others.delete(instance);
    const upstream = this.proxy.switchTo(instance.record.port);
    if (!upstream) throw new Error('an instance that serves has a port');
    const drift = new DriftCheck(instance.record.folder);
    const since = performance.now();
    const seen = { objections: 0, silences: 0, objection: undefined };
    this.serving = { instance, upstream, drift, since, ...seen };
    instance.onEnd(() => this.ended(instance, instance.ended ?? 'ended'));
  }

  private async retire({ instance, upstream }: Serving): Promise<void> {
    this.others.add(instance);
    this.save();
    await this.proxy.drain(upstream);
    await this.end(instance);
    await this.prune();
  }

  private async end(instance: Instance): Promise<void> {
    await instance.end();
    this.others.delete(instance);
    this.save();
  }

  private async prune(): Promise<void> {
    if (this.others.size > 0 || this.bringing || this.isStopped) return;
    const digests = [this.serving?.instance.record.digest, this.wanted?.release?.digest];
    const inUse = new Set(digests.flatMap((digest) => (digest ? [folderName(digest)] : [])));
    await prune(this.place.folder, inUse).catch((error: unknown) =>
      this.say(`old releases cannot be removed: ${wordsOf(error)}`),
    );
  }

  /** The serving instance is of no use any more: its group is ended, and it starts again. */
  private ended(instance: Instance, how: string): void {
    if (this.isStopped || this.serving?.instance !== instance) return;
    const { upstream, since } = this.serving;
    this.serving = undefined;
    this.proxy.lost(upstream);
    void instance.end();
    this.save();
    if (performance.now() - since >= GOOD_LIFE_MS) this.failure = NO_FAILURE;
    this.failed(how, { isFatal: false });
    this.steer();
  }

  private failed(what: string, { isFatal, cause }: { isFatal: boolean; cause?: unknown }): void {
    if (this.isStopped) return;
    const now = performance.now();
    const { folder } = this.place;
    const trouble = machineTrouble(cause, folder) ?? diskTrouble(folder);
    const why = trouble ?? cause;
    const reason = why === undefined ? what : `${what}: ${wordsOf(why)}`;
    const isMachines = trouble !== undefined;
    this.failure = failedAgain(this.failure, { reason, isFatal, isMachines, now });
    const pauseMs = this.failure.retryAt - now;
    if (pauseMs > 0) setTimeout(() => this.steer(), pauseMs).unref();
    this.say(
      `the release ${reason}${pauseMs > 0 ? `; next try in ${Math.round(pauseMs / 1_000)} s` : ''}`,
    );
  }

  private async look(): Promise<void> {
    try {
      if (!this.isSaved) this.save();
      await this.lookAtInstance();
      this.steer();
    } catch (error) {
      this.say(`cannot be looked after: ${wordsOf(error)}`);
    } finally {
      if (!this.isStopped) this.timer = setTimeout(() => void this.look(), LOOK_MS);
    }
  }

  private async lookAtInstance(): Promise<void> {
    for (const { record } of this.others) keepSmall(record.logFile);
    const { serving } = this;
    if (!serving?.instance.isRunning()) return;
    const objection = await serving.instance.probe();
    serving.objection = objection;
    serving.objections = objection ? serving.objections + 1 : 0;
    serving.silences = objection?.isSilent ? serving.silences + 1 : 0;
    const { silentLooks } = this.place;
    if (serving.silences >= silentLooks) {
      return this.ended(serving.instance, `did not answer ${silentLooks} times in a row`);
    }
    keepSmall(serving.instance.record.logFile);
    if (this.isChanged || this.bringing) return;
    const changed = await serving.drift.next(FILES_A_LOOK);
    if (changed === undefined || this.serving !== serving) return;
    this.isChanged = true;
    this.failure = { ...this.failure, retryAt: 0 };
    this.say(`"${changed}" of the running release was changed; the release is unpacked again`);
  }

  private report(): void {
    if (!this.wanted || this.isStopped) return;
    const { repository, name } = this.place;
    const { revision } = this.wanted;
    const seen = this.serving && {
      ...this.serving.instance.record,
      objections: this.serving.objections,
      objection: this.serving.objection?.words,
    };
    const digest = seen?.digest ?? null;
    const verdict = verdictOn(this.wanted, seen, this.failure);
    this.events.report({ repository, name, url: this.proxy.url, revision, digest, ...verdict });
  }

  private save(): void {
    if (this.isClosed) return;
    const others = [...this.others].map(({ record }) => record);
    const serving = this.serving?.instance.record ?? null;
    const wasSaved = this.isSaved;
    try {
      writeStage(this.place.folder, { port: this.proxy.port, serving, others });
      this.isSaved = true;
    } catch (error) {
      this.isSaved = false; // The next look tries again.
      if (wasSaved) this.say(`its state cannot be written down: ${wordsOf(error)}`);
    }
  }

  private say(line: string): void {
    this.events.say(`${this.place.repository}/${this.place.name}: ${line}`);
  }
}
