/** Secrets in files, found by secretlint. A finding says where and what kind, never the secret. */
import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { lintSource } from '@secretlint/core';
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend';
import type { Finding, Severity } from '../../workflows/domain/finding.js';
import { oneLine } from '../platform/one-line.js';
import { counted, kept } from './counting.js';
import { walk } from './files.walk.js';
import type { Scanned, Scanner } from './scan.ports.js';

/** A larger file is left out, bytes. */
export const MAX_FILE_BYTES = 1_048_576;
/** A file with a zero byte in its first part is binary, bytes. */
const SNIFFED_BYTES = 8_192;
const PRESET = '@secretlint/secretlint-rule-preset-recommend';
const SEVERITY: Record<string, Severity> = { error: 'high', warning: 'medium', info: 'low' };

export class SecretlintScanner implements Scanner {
  readonly name = 'secrets';

  async scan(folder: string, signal: AbortSignal): Promise<Scanned> {
    const { paths, isCut } = await walk(
      folder,
      () => true,
      (path) => !/(^|\/)node_modules$/.test(path),
    );
    const findings: Finding[] = [];
    const left = { binary: 0, large: 0 };
    for (const path of paths) {
      signal.throwIfAborted();
      await turn(); // Scanning is pure computing: heartbeats and cancellation need their turn.
      const content = await textOf(join(folder, path));
      if (typeof content === 'string') findings.push(...(await secretsIn(path, content)));
      else left[content.left]++;
    }
    const looked = paths.length - left.binary - left.large;
    return {
      ...kept(findings),
      refusals: [],
      summary: `${counted(looked, 'file')} searched for secrets`,
      notes: notes(left, isCut),
    };
  }
}

async function secretsIn(path: string, content: string): Promise<Finding[]> {
  const { messages } = await lintSource({
    source: { content, filePath: path, ext: extname(path), contentType: 'text' },
    options: {
      maskSecrets: true,
      noPhysicFilePath: true,
      config: { rules: [{ id: PRESET, rule: recommended }] },
    },
  });
  return messages.map((found) => ({
    tool: 'secrets',
    rule: oneLine(found.ruleId.replace('@secretlint/secretlint-rule-', ''), 200),
    severity: SEVERITY[found.severity] ?? 'high',
    message: messageOf(found),
    path: oneLine(path, 1_000),
    line: found.loc.start.line,
  }));
}

/**
 * Made of the rule's own constant and a length, so that no part of the secret can be in it, however
 * a rule words its message.
 */
function messageOf(found: { messageId: string; range: readonly [number, number] }): string {
  const length = found.range[1] - found.range[0];
  return (
    `${oneLine(found.messageId, 100)} in plain text (***, ${length} characters); ` +
    'revoke it, and take it out of the file'
  );
}

async function textOf(path: string): Promise<string | { left: 'binary' | 'large' }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) return { left: 'large' };
    const bytes = await file.readFile();
    if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { left: 'binary' };
    return bytes.toString('utf8');
  } finally {
    await file.close();
  }
}

function notes(left: { binary: number; large: number }, isCut: boolean): string[] {
  const said: string[] = [];
  if (left.binary > 0) said.push(`secrets: left out ${counted(left.binary, 'binary file')}`);
  if (left.large > 0) said.push(`secrets: left out ${counted(left.large, 'file')} above 1 MiB`);
  if (isCut) said.push('secrets: there are too many files; the rest was not searched');
  return said;
}
