/** What is said to a language model, and what it says: the same for every provider and every door. */
import { z } from 'zod';

/** A name under which a model is served, and by which clients ask for it. At most 100 characters. */
export const ModelName = z
  .string()
  .max(100)
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9._:/-]*[a-zA-Z0-9])?$/,
    'must be letters, digits, ".", "_", ":", "/" or "-"',
  );
export type ModelName = z.infer<typeof ModelName>;

/** A call that a model wants made; `arguments` is JSON text, as it was generated. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

export type ChatMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls?: ToolCall[] }
  | { role: 'tool'; content: string; toolCallId: string };

export interface Tool {
  name: string;
  description?: string;
  /** JSON Schema of an object. Absent: no arguments. */
  parameters?: Record<string, unknown>;
  /** Arguments keep all of the schema, or the wish is refused. Default: what cannot be enforced is a hint. */
  strict?: boolean;
}

/** As OpenAI's API counts them; absent fields are the provider's to choose, `temperature` is 1. */
export interface Sampling {
  /** 0 to 2; 0 is greedy. */
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  /** The same seed and the same everything else give the same text. */
  seed?: number;
  /** Tokens of the answer. Absent: until the context is full. */
  maxTokens?: number;
  /** Texts that end the answer and are not part of it. At most 16. */
  stop?: string[];
  frequencyPenalty?: number;
  presencePenalty?: number;
}

/** One answer that somebody wants. Plain data: it crosses process boundaries as JSON. */
export interface Wish {
  /** Of this request, unique; a cancel names it. */
  id: string;
  model: ModelName;
  /** A conversation, or a text to go on from (`/v1/completions`). */
  prompt: { messages: ChatMessage[] } | { text: string };
  /** What the assistant has said of this answer already: the model goes on from there. */
  begun?: string;
  sampling: Sampling;
  tools?: Tool[];
  /** Default `auto` with tools. */
  toolChoice?: 'auto' | 'none' | 'required' | { name: string };
  /** The answer is JSON, of this schema where one is given: enforced while it is sampled. */
  format?: { kind: 'json'; schema?: Record<string, unknown> };
  /** Alternatives a token, 0 to 20. Absent: no log probabilities at all. */
  topLogprobs?: number;
  /** Answers with the same key share their beginnings: their evaluated state is kept for a while. */
  conversation?: string;
  /**
   * Who may learn what the prompt holds: a login, or a room. What was read for one of them is read again
   * for everybody else, but for the instructions at its beginning. Absent: nobody in particular.
   */
  owner?: string;
}

export interface TokenLogprob {
  text: string;
  logprob: number;
  top: { text: string; logprob: number }[];
}

/** Tokens, counted by the model's own tokenizer. */
export interface Usage {
  promptTokens: number;
  /** Of the prompt's, those that were evaluated already. */
  cachedTokens: number;
  completionTokens: number;
}

/** Why an answer ended. `cancelled`: the signal was aborted. */
export type FinishReason = 'stop' | 'length' | 'toolCalls' | 'cancelled';

/** Which of the two that one name may serve, and which weights, an answer is of. */
export interface MadeBy {
  slot: 'champion' | 'challenger';
  /** Of the base GGUF; `remote:…` names a provider's model. */
  digest: string;
  /** Of the LoRA adapter, where there is one. */
  adapter: string | null;
}

/** What comes while an answer is made, in this order: started, texts and calls, done. */
export type Piece =
  | {
      kind: 'started';
      promptTokens: number;
      cachedTokens: number;
      /** What exactly answers. Absent: a provider that does not say. */
      by?: MadeBy;
    }
  /** Whole characters only. */
  | { kind: 'text'; text: string; tokens: number; logprobs?: TokenLogprob[] }
  | { kind: 'toolCalls'; calls: ToolCall[] }
  | { kind: 'done'; reason: FinishReason; usage: Usage };

/** What is served under a name now. */
export interface ServedModel {
  name: ModelName;
  /** Of the base GGUF; `remote:…` names a provider's model. */
  digest: string;
  /** Of the LoRA adapter, where there is one. */
  adapter: string | null;
  /** Tokens of one sequence, prompt and answer together. */
  contextTokens: number;
  /** Writes a fixed text: it is no language model, and every answer's metadata says so. */
  isToy: boolean;
  /** `in-process`, or the provider's base URL. */
  provider: string;
  state: 'loading' | 'ready' | 'failed';
  /** Why it failed, for a person. */
  reason?: string;
}
