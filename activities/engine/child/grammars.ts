/** Grammars of what wishes want: JSON, JSON of a schema, one of some names. The last ones are kept. */
import type { GbnfJsonSchema, Llama, LlamaGrammar } from 'node-llama-cpp';
import type { Tool, Wish } from '../../../workflows/domain/chat.js';
import { Refused, refuse } from './refused.js';
import { grammarSchemaOf } from './schema.js';
import { argumentsOf, namesGrammar } from './tools.js';

/** The library infers types from literal schemas; ours are only known when they arrive. */
type Readable = Parameters<Llama['createGrammarForJsonSchema']>[0];

const MAX_KEPT = 32;
const ANY_OBJECT = { type: 'object', additionalProperties: true } as const;

export class Grammars {
  private readonly kept = new Map<string, LlamaGrammar>();

  constructor(private readonly llama: Llama) {}

  /** @throws {Refused} for a schema that no grammar can keep. */
  async ofFormat({ schema }: NonNullable<Wish['format']>): Promise<LlamaGrammar> {
    if (schema === undefined) return this.keep('json', () => this.llama.getGrammarFor('json'));
    return this.ofSchema(() => grammarSchemaOf(schema), JSON.stringify(schema));
  }

  /** Of any object, where no grammar can be made of a schema that is a hint. */
  async ofArguments(tool: Tool): Promise<LlamaGrammar> {
    const { strict = false, parameters } = tool;
    const key = `tool ${strict} ${JSON.stringify(parameters)}`;
    const grammar = this.ofSchema(() => argumentsOf(tool), key);
    return strict ? grammar : grammar.catch(() => this.ofSchema(() => ANY_OBJECT, 'object'));
  }

  async ofNames(tools: readonly Tool[]): Promise<LlamaGrammar> {
    const grammar = namesGrammar(tools);
    return this.keep(grammar, () => this.llama.createGrammar({ grammar }));
  }

  private ofSchema(read: () => GbnfJsonSchema, key: string): Promise<LlamaGrammar> {
    return this.keep(key, async () => this.llama.createGrammarForJsonSchema(read() as Readable));
  }

  private async keep(key: string, make: () => Promise<LlamaGrammar>): Promise<LlamaGrammar> {
    const known = this.kept.get(key);
    this.kept.delete(key);
    const grammar = known ?? (await make().catch(asRefusal));
    this.kept.set(key, grammar);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return grammar;
  }
}

function asRefusal(thrown: Error): never {
  if (thrown instanceof Refused) throw thrown;
  throw refuse(`no grammar can be made of the schema: ${thrown.message}`);
}
