/**
 * The YAML door: text in, a plain value with the line of every field out; or what is wrong with it.
 *
 * What comes in may be hostile: size, nesting, aliases and tags are limited, and nothing is thrown.
 */
import {
  Composer,
  type CST,
  type Document,
  type ErrorCode,
  Lexer,
  LineCounter,
  Parser,
} from 'yaml';
import { MAX_PIPELINE_BYTES } from '../domain/limits.js';
import { type Path, type Problem, quote } from './finding.js';
import { lineIn, ValueReader } from './yaml.values.js';

/** Collections inside collections. */
export const MAX_NESTING = 50;
/** Syntax errors after which reading stops. */
const MAX_SYNTAX_ERRORS = 100;

export interface YamlDocument {
  /** Undefined when the text cannot be read at all. */
  value: unknown;
  /** Present beside a value too: then both count. */
  problems: Problem[];
  /** The line of a field, or of the nearest thing around it that is written. Counts from 1. */
  lineOf: (path: Path) => number;
}

/** A mistake in the text itself, before there are fields. */
interface Mistake {
  line: number;
  message: string;
  help: string;
}

/** Reads one document. Never throws. */
export function readYaml(text: string): YamlDocument {
  const limit = Error.stackTraceLimit;
  try {
    // The parser makes an Error for each mistake: the stacks of a million would cost ten seconds.
    Error.stackTraceLimit = 0;
    return read(text);
  } catch (cause) {
    const said = quote(cause instanceof Error ? cause.message : String(cause));
    return unreadable([
      { line: 1, message: `the parser stopped: ${said}`, help: 'write it simpler' },
    ]);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function read(text: string): YamlDocument {
  const bytes = text.length > MAX_PIPELINE_BYTES ? text.length : utf8.encode(text).length;
  if (bytes > MAX_PIPELINE_BYTES) return unreadable([tooLarge(bytes)]);
  const lines = new LineCounter();
  const mistakes: Mistake[] = [];
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const [document, second] = compose(text, lines, mistakes);
  for (const error of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    if (mistakes.length === MAX_SYNTAX_ERRORS) break;
    const line = lineAt(error.pos[0]);
    // What comes second on a line mostly follows from what came first.
    if (line === mistakes.at(-1)?.line) continue;
    mistakes.push({ line, ...explain(error.code, error.message) });
  }
  if (document?.directives.yaml.explicit) mistakes.push(NO_DIRECTIVES);
  if (second !== undefined) mistakes.push({ line: lineAt(second.range[0]), ...ONE_DOCUMENT });
  if (mistakes.length > 0) return unreadable(mistakes);

  const reader = new ValueReader(lineAt, MAX_NESTING);
  const { value, place } = reader.read(document?.contents ?? null);
  if (value === null || value === undefined) return unreadable([EMPTY]);
  return { value, problems: reader.problems, lineOf: (path) => lineIn(place, path) };
}

const utf8 = new TextEncoder();

/** At most two documents: the second is only needed to refuse it. Double keys are found later. */
function compose(text: string, lines: LineCounter, mistakes: Mistake[]): Document.Parsed[] {
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, version: '1.2' });
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(tokens(text, lines, mistakes), true, text.length)) {
    documents.push(document);
    if (documents.length === 2) break;
  }
  return documents;
}

/** The parser keeps its own stack, so depth is seen here, before anything recursive runs. */
function* tokens(text: string, lines: LineCounter, mistakes: Mistake[]): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let errors = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') errors += 1;
      yield token;
    }
    if (errors > MAX_SYNTAX_ERRORS) return;
    if (parser.stack.length > MAX_NESTING + 5) {
      mistakes.push({ line: lines.linePos(parser.offset).line, ...TOO_DEEP });
      return;
    }
  }
  yield* parser.end();
}

function unreadable(mistakes: readonly Mistake[]): YamlDocument {
  return {
    value: undefined,
    problems: mistakes.map((mistake) => ({ path: [], ...mistake })),
    lineOf: () => 1,
  };
}

const EMPTY: Mistake = {
  line: 1,
  message: 'the file is empty',
  help: 'write "version: 1", a "name" and at least one of "steps"',
};
const NO_DIRECTIVES: Mistake = {
  line: 1,
  message: 'a pipeline file has no "%" directives',
  help: 'remove the first lines down to "---"',
};
const ONE_DOCUMENT = {
  message: 'a second document starts here',
  help: 'keep one document in the file: remove "---" and what follows',
};
const TOO_DEEP = {
  message: `collections are nested more than ${MAX_NESTING} deep`,
  help: 'a pipeline needs about 6',
};

function tooLarge(bytes: number): Mistake {
  const message = `the file has ${bytes} bytes; the limit is ${MAX_PIPELINE_BYTES}`;
  return {
    line: 1,
    message,
    help: 'move scripts out of the pipeline into files of the repository',
  };
}

/** What the parser's codes mean for somebody who writes a pipeline. */
const EXPLAINED: Partial<Record<ErrorCode, { message: string; help: string }>> = {
  TAB_AS_INDENT: {
    message: 'a tab stands where spaces must',
    help: 'indent with spaces; most editors can convert tabs',
  },
  BAD_INDENT: {
    message: 'the indentation does not fit, or a bracket is not closed',
    help: 'align it with its neighbours, and close every [ and {',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second "name: value" stands on one line',
    help: 'quote the value if it holds ": ", or start a new line',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a name runs over more than one line, or its ":" is missing',
    help: 'write "name: value", with a blank after the colon',
  },
  TAG_RESOLVE_FAILED: {
    message: 'a pipeline file has no "!" tags',
    help: 'quote the text if it starts with "!"',
  },
  BAD_DQ_ESCAPE: {
    message: 'a "\\" in double quotes starts no escape that YAML knows',
    help: 'use single quotes, or write "\\\\" for one "\\"',
  },
  RESOURCE_EXHAUSTION: TOO_DEEP,
};

function explain(code: ErrorCode, said: string): { message: string; help: string } {
  const help = 'put quotes around text that holds special characters';
  return EXPLAINED[code] ?? { message: `this is no YAML: ${quote(said)}`, help };
}
