/** How the end of a step's commands becomes its answer. */
import { lstatSync } from 'node:fs';
import { constants } from 'node:os';
import { ApplicationFailure } from '@temporalio/activity';
import { StepFailure, type StepResult } from '../../workflows/domain/step.js';
import { diskTrouble } from '../platform/machine.js';
import type { Ending } from './runner.js';
import type { Workspace } from './workspace.js';

/** A command as it is quoted in a reason, characters. */
const MAX_QUOTED_CHARS = 120;

/** What the commands were, and may do. */
export interface Ran {
  commands: string[];
  workspace: Workspace;
  maxOutputMib: number;
}

/**
 * The answer, when a command said no; undefined when none did.
 *
 * @throws {ApplicationFailure} `StepErrored` on a full disk: what failed there says nothing about the
 * commit, unless the step itself met its limit.
 */
export function refusalOf(ending: Ending, ran: Ran): StepResult | undefined {
  const refusal = commandRefusal(ending, ran) ?? treeRefusal(ran.workspace);
  if (refusal && ending.limit === undefined) throwIfFull(refusal, ran.workspace);
  return refusal;
}

function commandRefusal(ending: Ending, { commands, maxOutputMib }: Ran): StepResult | undefined {
  const { exitCode } = ending;
  const what = ending.command < 0 ? 'the shell' : nameOf(ending, commands);
  if (ending.why === 'printedTooMuch') {
    const reason =
      `${what} was ended: the step printed more than ${maxOutputMib} MiB, its limit; let it write ` +
      'to a file, or raise SLIPWAY_STEP_OUTPUT_MIB of the worker';
    return { verdict: 'failed', reason };
  }
  if (exitCode === 0) return undefined;
  const signal = ending.signal ?? signalOf(exitCode);
  if (ending.limit !== undefined) {
    const reason = `${what} was ended: ${ending.limit}`;
    return { verdict: 'failed', reason, exitCode, ...(signal && { signal }) };
  }
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const hint = signal === 'SIGKILL' ? '; did the machine run out of memory?' : '';
  return {
    verdict: 'failed',
    reason: `${what} ${how}${hint}`,
    exitCode,
    ...(signal && { signal }),
  };
}

/** What we read of the tree from now on must not lead out of the workspace. */
function treeRefusal({ tree }: Workspace): StepResult | undefined {
  if (lstatSync(tree, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const reason = 'the commands replaced the folder of the checkout by something else';
  return { verdict: 'failed', reason, exitCode: 0 };
}

function throwIfFull(refusal: StepResult, { root }: Workspace): void {
  const trouble = diskTrouble(root);
  if (!trouble) return;
  const message = `${refusal.reason ?? 'the step failed'}; ${trouble.message}. ${trouble.help}`;
  throw ApplicationFailure.create({ message, type: StepFailure.errored });
}

/** A shell reports a command that a signal ended as 128 + the signal's number. */
function signalOf(exitCode: number | null): string | undefined {
  if (exitCode === null || exitCode <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}

/** The command that ran last, for a reason. */
export function nameOf({ command }: Ending, commands: string[]): string {
  const text = (commands[command] ?? '').trim();
  const line = text.split('\n', 1)[0] ?? '';
  const isCut = line.length < text.length || line.length > MAX_QUOTED_CHARS;
  return `command ${command + 1} of ${commands.length}, "${line.slice(0, MAX_QUOTED_CHARS)}${isCut ? '…' : ''}",`;
}

/** For the log, when a command ended the shell with success before the others ran. */
export function skippedAfter({ command }: Ending, commands: string[]): string {
  return (
    `command ${command + 1} ended the shell with exit code 0: ` +
    `${commands.length - command - 1} commands after it did not run`
  );
}
