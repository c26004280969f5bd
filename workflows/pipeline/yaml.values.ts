/** YAML nodes as plain values, with the line of everything, and without what surprises. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import { type Path, type Problem, quote } from './finding.js';

/** Nodes that aliases may bring in again, all together: enough to share settings, not to explode. */
export const MAX_ALIASED_NODES = 10_000;

/** Where a value stands, and everything in it. Lines count from 1. */
export interface Place {
  line: number;
  fields?: Map<string, Place>;
  items?: Place[];
}

interface Read {
  value: unknown;
  place: Place;
}

/** The line of the field, or of the nearest thing around it. */
export function lineIn(place: Place, path: Path): number {
  let here = place;
  for (const part of path) {
    const next = typeof part === 'number' ? here.items?.[part] : here.fields?.get(part);
    if (next === undefined) break;
    here = next;
  }
  return here.line;
}

export class ValueReader {
  readonly problems: Problem[] = [];
  private readonly anchors = new Map<string, Node>();
  /** Collections that are being read: an alias to one of them would never end. */
  private readonly open = new Set<Node>();
  private aliased = 0;
  private insideAlias = 0;

  constructor(
    private readonly lineAt: (offset: number) => number,
    private readonly maxNesting: number,
  ) {}

  /** Refused parts are left out of the value; each left a problem. */
  read(node: unknown, path: Path = [], line = 1): Read {
    if (this.insideAlias > 0 && ++this.aliased > MAX_ALIASED_NODES) return this.exploded(line);
    if (isAlias(node)) return this.alias(node.source, path, line);
    if (isScalar(node)) return { value: this.scalar(node, path, line), place: { line } };
    if (!isMap(node) && !isSeq(node)) return { value: null, place: { line } };
    if (path.length >= this.maxNesting) {
      const message = `collections are nested more than ${this.maxNesting} deep`;
      return this.refuse({ path: [], line, message, help: 'a pipeline needs about 6' });
    }
    this.remember(node);
    this.open.add(node);
    const read = isMap(node) ? this.map(node.items, path, line) : this.list(node.items, path, line);
    this.open.delete(node);
    return read;
  }

  private map(pairs: readonly Pair[], path: Path, line: number): Read {
    const value: Record<string, unknown> = {};
    const fields = new Map<string, Place>();
    for (const pair of pairs) {
      const here = this.lineOf(pair.key, line);
      const key = this.key(pair.key, path, here);
      if (key === undefined) continue;
      const first = fields.get(key);
      if (first !== undefined) {
        const message = `${quote(key)} is written twice, first on line ${first.line}`;
        this.refuse({ path: [...path, key], line: here, message, help: 'keep one of them' });
        continue;
      }
      const read = this.read(pair.value, [...path, key], here);
      fields.set(key, { ...read.place, line: here });
      value[key] = read.value;
    }
    return { value, place: { line, fields } };
  }

  private list(nodes: readonly unknown[], path: Path, line: number): Read {
    const reads = nodes.map((item, i) => this.read(item, [...path, i], this.lineOf(item, line)));
    return {
      value: reads.map((read) => read.value),
      place: { line, items: reads.map((read) => read.place) },
    };
  }

  private key(node: unknown, path: Path, line: number): string | undefined {
    const key = isScalar(node) ? node.value : node;
    const refuse = (message: string, help: string): undefined => {
      this.refuse({ path, line, message, help });
    };
    if (typeof key !== 'string') {
      const shown = isScalar(node) ? quote(key) : 'a list, a mapping or an alias';
      return refuse(`a name must be text, and this is ${shown}`, 'put quotes around the name');
    }
    if (key in {}) return refuse(`the name ${quote(key)} is reserved`, 'use another name');
    if (!isClean(key)) return refuse(`the name ${quote(key)} holds a broken character`, CLEAN_HELP);
    return key;
  }

  private scalar(node: Scalar, path: Path, line: number): unknown {
    this.remember(node);
    const { value, source } = node;
    if (typeof value === 'string' && !isClean(value)) {
      this.refuse({ path, line, message: 'the text holds a broken character', help: CLEAN_HELP });
    }
    if (typeof value === 'number' && source !== undefined && String(value) !== source) {
      const message = `YAML reads ${quote(source)} as the number ${value}`;
      const help = 'put quotes around it to mean the text, or write a plain number';
      this.refuse({ path, line, message, help });
    }
    return value;
  }

  private alias(name: string, path: Path, line: number): Read {
    const target = this.anchors.get(name);
    if (target === undefined) {
      const message = `there is no anchor ${quote(`&${name}`)} above this alias`;
      return this.refuse({ path, line, message, help: 'quote the text if it starts with "*"' });
    }
    if (this.open.has(target)) {
      const message = `the alias ${quote(`*${name}`)} stands inside its own anchor`;
      return this.refuse({ path, line, message, help: 'write the value out' });
    }
    this.insideAlias += 1;
    const read = this.read(target, path, line);
    this.insideAlias -= 1;
    return read;
  }

  private remember(node: Node & { anchor?: string }): void {
    if (node.anchor !== undefined && this.insideAlias === 0) this.anchors.set(node.anchor, node);
  }

  private exploded(line: number): Read {
    const known = { value: undefined, place: { line } };
    if (this.aliased > MAX_ALIASED_NODES + 1) return known;
    const message = `aliases bring in more than ${MAX_ALIASED_NODES} values`;
    return this.refuse({ path: [], line, message, help: 'write the values out where they differ' });
  }

  private refuse(problem: Problem & { line: number }): Read {
    this.problems.push(problem);
    return { value: undefined, place: { line: problem.line } };
  }

  private lineOf(node: unknown, otherwise: number): number {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : null;
    return range ? this.lineAt(range[0]) : otherwise;
  }
}

const CLEAN_HELP = 'save the file as UTF-8, without NUL characters and halves of characters';

/** Neither a database nor a command line takes NUL or half a character; U+FFFD was no UTF-8 once. */
function isClean(text: string): boolean {
  return text.isWellFormed() && !/[\0\ufffd]/.test(text);
}
