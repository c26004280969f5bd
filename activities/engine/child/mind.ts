/** The loaded model, with everything that is made once for all its answers. */
import {
  ChatMLChatWrapper,
  type ChatWrapper,
  getLlama,
  InsufficientMemoryError,
  type Llama,
  LlamaLogLevel,
  type LlamaModel,
  NoBinaryFoundError,
  resolveChatWrapper,
} from 'node-llama-cpp';
import type { Loaded, LoadSpec } from '../engine.protocol.js';
import { CHATML } from '../toy/vocabulary.js';
import { Commons } from './common.js';
import { Grammars } from './grammars.js';
import { Reading } from './reading.js';
import { Refused } from './refused.js';
import { type CallSyntax, callSyntaxOf } from './tools.js';

export interface Mind {
  llama: Llama;
  model: LlamaModel;
  /** Guessing it renders the template dozens of times: once a model, not once an answer. */
  wrapper: ChatWrapper;
  calls: CallSyntax;
  grammars: Grammars;
  commons: Commons;
  reading: Reading;
  /** Of one sequence. */
  contextTokens: number;
  loaded: Loaded;
  /** What llama.cpp said of its own time since it was last taken; only where it is measured. */
  timings: string[];
}

/**
 * @param toTemplate called before the file's chat template is read: a program that may never end.
 * @throws {Refused} that says what is wrong with the file or the machine.
 */
export async function loadMind(
  spec: LoadSpec,
  toTemplate: () => Promise<void> = async () => {},
): Promise<Mind> {
  const timings: string[] = [];
  const llama = await begin(spec, timings);
  const isGpu = spec.device !== 'cpu';
  const model = await llama
    .loadModel({ modelPath: spec.modelPath, useMmap: true, ...(isGpu ? { gpuLayers: 'max' } : {}) })
    .catch((thrown: Error) => {
      throw refusalOf(thrown, 'bad-model-file');
    });
  const contextTokens = Math.min(spec.contextTokens, model.trainContextSize);
  await toTemplate();
  const wrapper = wrapperOf(model);
  const isFallback = isGpu && (llama.gpu !== spec.device || model.gpuLayers === 0);
  return {
    llama,
    model,
    wrapper,
    calls: callSyntaxOf(model, wrapper),
    grammars: new Grammars(llama),
    commons: new Commons(model, wrapper),
    reading: new Reading(spec.chunkTokens),
    contextTokens,
    loaded: { device: isFallback ? 'cpu' : spec.device, isFallback, contextTokens },
    timings,
  };
}

/** The library finds it by rendering the template dozens of times: a second that toys need not take. */
function wrapperOf(model: LlamaModel): ChatWrapper {
  const template = model.fileInfo.metadata?.tokenizer?.chat_template;
  return template === CHATML ? new ChatMLChatWrapper() : resolveChatWrapper(model);
}

async function begin(spec: LoadSpec, timings: string[]): Promise<Llama> {
  const isTiming = (message: string) => /time\s*=/.test(message);
  try {
    return await getLlama({
      gpu: spec.device === 'cpu' ? false : spec.device,
      build: 'never',
      progressLogs: false,
      skipDownload: true,
      ...(spec.device === 'cpu' ? { maxThreads: spec.threads } : {}),
      logLevel: spec.isMeasured ? LlamaLogLevel.info : LlamaLogLevel.warn,
      logger: (level, message) => {
        if (spec.isMeasured && isTiming(message)) timings.push(message);
        else if (level !== LlamaLogLevel.info) process.stderr.write(`${message.trim()}\n`);
      },
    });
  } catch (thrown) {
    throw refusalOf(thrown as Error, 'no-device', spec.device);
  }
}

/** A device that is not there, memory that does not suffice, or `otherwise`. */
export function refusalOf(
  thrown: Error,
  otherwise: 'bad-model-file' | 'no-device' | 'broken',
  device = '',
): Refused {
  if (thrown instanceof Refused) return thrown;
  if (thrown instanceof NoBinaryFoundError) {
    const message = `no ${device} device that llama.cpp can use was found`;
    return new Refused({ code: 'no-device', message });
  }
  const isMemory = thrown instanceof InsufficientMemoryError;
  return new Refused({ code: isMemory ? 'no-memory' : otherwise, message: thrown.message });
}
