/** A LintFinding is one thing that is wrong with a pipeline file, and what to do about it. */

/** A place in a pipeline: `['steps', 'test', 'needs', 0]`. */
export type Path = readonly (string | number)[];

/** The same shape as `LintFinding` of the REST API, which this folder may not import. */
export interface LintFinding {
  file: string;
  /** Counts from 1. */
  line: number;
  /** A path like `steps.test.needs[0]`; empty when it is about the whole file. */
  field: string;
  message: string;
  /** What to do next. */
  help: string;
}

/** What a check says; the door that read the file adds file and line. */
export interface Problem {
  path: Path;
  /** Where it is known better than by the path. */
  line?: number;
  message: string;
  /** As a function where it costs something: only for findings that are shown is it called. */
  help: string | (() => string);
}

/** Findings that one answer carries. The rest is counted, not listed. */
export const MAX_FINDINGS = 1_000;
const MAX_QUOTED_CHARS = 80;

/** One line: `pipeline.yaml:14 steps.deploy.needs[0]: there is no step "biuld"; did you mean "build"?` */
export function formatFinding({ file, line, field, message, help }: LintFinding): string {
  const place = field === '' ? `${file}:${line}` : `${file}:${line} ${field}`;
  return help === '' ? `${place}: ${message}` : `${place}: ${message}; ${help}`;
}

/** `steps.test.needs[0]`; names that are no plain words are quoted. */
export function fieldOf(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w-]{1,80}$/.test(part)) return `[${quote(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

/** A value as it is shown to a person: quoted, cut, without characters that steer a terminal. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  const cut = text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS - 1)}…` : text;
  return typeof value === 'string' ? visible(JSON.stringify(cut)) : visible(cut);
}

/** "a", "b" and 3 more. */
export function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map(quote);
  const hidden = names.length - shown.length;
  if (hidden > 0) return `${shown.join(', ')} and ${hidden} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** Problems as findings: by line, each once, at most MAX_FINDINGS, then how many are left out. */
export function toFindings(
  problems: readonly Problem[],
  file: string,
  lineOf: (path: Path) => number,
): LintFinding[] {
  const placed = problems.map((problem) => ({
    problem,
    line: problem.line ?? lineOf(problem.path),
  }));
  const sorted = placed.sort((a, b) => a.line - b.line);
  const once = new Map<string, LintFinding>();
  for (const { problem, line } of sorted.slice(0, MAX_FINDINGS)) {
    const { path, message, help } = problem;
    const field = fieldOf(path);
    const said = typeof help === 'string' ? help : help();
    once.set(`${line} ${field}: ${message}`, { file, line, field, message, help: said });
  }
  const hidden = sorted.length - MAX_FINDINGS;
  if (hidden > 0) {
    const message = `${hidden} more findings are not listed`;
    const line = sorted.at(-1)?.line ?? 1;
    once.set('', { file, line, field: '', message, help: 'mend the first ones, then lint again' });
  }
  return [...once.values()];
}

/** C0, C1 and the marks that turn the direction of text: none may reach a terminal as they are. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
