/**
 * An engine: one loaded model in a process of its own, started by `EngineProcess` and told what to do over
 * IPC. A file that makes llama.cpp abort ends this process and nothing else.
 */
import { Host } from './child/host.js';
import { endWithParent } from './child/parent.js';
import { type FromEngine, ToEngine } from './engine.protocol.js';

const host = new Host((message: FromEngine) => {
  if (process.connected) process.send?.(message);
});

process.on('message', (message) => void host.hear(ToEngine.parse(message)));
process.on('disconnect', () => process.exit(0));
endWithParent();
// Whoever started it decides when it ends, also where a terminal interrupts them both.
process.on('SIGINT', () => {});
