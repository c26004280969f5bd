import { Inject, Injectable } from '@nestjs/common';
import type { Run, StartRun } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import { demand, type User } from '../platform/auth.js';
import { NotFound } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import {
  PIPELINE_FILE,
  PIPELINE_FILES,
  type PipelineFile,
  type PipelineFiles,
} from './repositories.ports.js';
import { RunsService } from './runs.service.js';
import { type Prepared, RunStarter } from './starter.service.js';

/** Runs that a person starts. */
@Injectable()
export class RunStarts {
  constructor(
    @Inject(PIPELINE_FILES) private readonly files: PipelineFiles,
    private readonly starter: RunStarter,
    private readonly runs: RunsService,
    private readonly audit: Audit,
  ) {}

  async start(body: StartRun, user: User): Promise<Run> {
    const { repository, ref, inputs = {}, overrideReason } = body;
    if (overrideReason !== undefined) demand(user, 'approve');
    await this.runs.mustKnow(repository);
    const { commit, branch, text } = await this.read(repository, ref);
    const by = user.login;
    const preparation = await this.starter.prepare({
      repository,
      commit,
      branch,
      trigger: { kind: 'manual', by, inputs, ...given({ overrideReason }) },
      text,
      file: PIPELINE_FILE,
    });
    if ('skipped' in preparation) {
      throw new Error(`a start by hand was skipped: ${preparation.skipped}`);
    }
    return this.launch(preparation.prepared, { by, action: 'run.start' });
  }

  /** Launches with a line in the audit log; answers the run as it begins. */
  async launch(prepared: Prepared, { by, action }: { by: string; action: string }): Promise<Run> {
    const { run, trigger } = prepared;
    const detail = { commit: run.commit, branch: run.branch, ...given(trigger) };
    const command = { by, action, subject: `run/${run.id}`, detail };
    await this.audit.during(command, () => this.starter.launch(prepared));
    return this.runs.get(run.id).catch(() => this.runs.beginning(prepared));
  }

  private async read(repository: string, ref: string | undefined): Promise<PipelineFile> {
    const file = await this.files.read(repository, ref);
    if (file) return file;
    const where = ref === undefined ? 'its default branch' : `"${ref}"`;
    throw new NotFound(
      `"${repository}" has no ${PIPELINE_FILE} at ${where}`,
      'Check the ref, or commit a pipeline file and push.',
    );
  }
}
