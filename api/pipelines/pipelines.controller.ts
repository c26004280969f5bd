import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { compileText } from '../../workflows/pipeline/compile.js';
import { preview } from '../../workflows/pipeline/preview.js';
import { matchesPush } from '../../workflows/pipeline/triggers.js';
import { LintReport, PipelineText, PlanReport, PlanRequest } from '../client/wire.js';
import { Needs } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import * as examples from '../platform/examples.js';

const UNNAMED = 'pipeline.yaml';
const ANY_START = { runs: true, why: 'when it is started' };
const tooLarge = { 413: 'The body is larger than 2 MiB; a text may have 1 MiB.' };

/** Both work on the text alone: nothing is read from a repository, nothing is kept. */
@Controller('api/v1/pipelines')
@Needs('read')
export class PipelinesController {
  @Post('lint')
  @HttpCode(200)
  @Describe({
    summary: 'Everything that is wrong with a pipeline file',
    answer: LintReport,
    example: { valid: false, findings: [examples.finding] },
    body: examples.pipeline,
    refuses: tooLarge,
  })
  lint(@Body({ schema: PipelineText }) { text, file = UNNAMED }: PipelineText): LintReport {
    const compiled = compileText(text, file);
    const findings = 'findings' in compiled ? compiled.findings : [];
    return { valid: findings.length === 0, findings };
  }

  @Post('plan')
  @HttpCode(200)
  @Describe({
    summary: 'Which steps would run, why, and in what order',
    answer: PlanReport,
    body: examples.pipeline,
    refuses: tooLarge,
  })
  plan(@Body({ schema: PlanRequest }) { text, file = UNNAMED, branch }: PlanRequest): PlanReport {
    const compiled = compileText(text, file);
    if ('findings' in compiled) {
      return { valid: false, findings: compiled.findings, pipeline: null, steps: [] };
    }
    const { plan, pipeline } = compiled;
    const start =
      branch === undefined ? ANY_START : matchesPush(pipeline, { branch, changedPaths: null });
    return { valid: true, findings: [], pipeline: plan.pipeline, steps: preview(plan, start) };
  }
}
