// node-llama-cpp alone, without our engine around it: how much of llama.cpp's own speed it leaves to us.
import { getLlama } from 'node-llama-cpp';
import { timed } from './timings.mjs';

const lines = [];
/** One for all models: it is where llama.cpp writes to. */
let llama;

/** `ratio(tokens)` says as many and returns llama.cpp's time over ours; `end()` frees the model. */
export async function openLibrary(path, { gpu, threads }) {
  llama ??= await getLlama({
    gpu: gpu === 'cpu' ? false : gpu,
    build: 'never',
    maxThreads: threads,
    logLevel: 'info',
    logger: (_level, line) => lines.push(line),
  });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: 512, performanceTracking: true });
  const sequence = context.getSequence();
  const timings = async () => {
    await context.printTimings();
    return lines.splice(0);
  };
  return {
    ratio: async (tokens) => {
      await sequence.clearHistory();
      await timed(timings);
      let first;
      let count = 0;
      for await (const _token of sequence.evaluate(model.tokenize('a'), { temperature: 0 })) {
        first ??= performance.now();
        if (++count === tokens) break;
      }
      const ms = performance.now() - first;
      const { nativeMs } = await timed(timings);
      return (nativeMs * (1 - 1 / count)) / ms;
    },
    end: () => model.dispose(),
  };
}
