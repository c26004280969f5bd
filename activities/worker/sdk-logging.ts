/** Temporal's SDK speaks through our log, its native part included. */
import { type Logger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Log } from '../platform/logging.js';

/** Once per process, before the first connection. We handle signals ourselves. */
export function installRuntime(log: Log): void {
  Runtime.install({
    logger: speaking(log.child({ part: 'temporal' })),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}

function speaking(log: Log): Logger {
  return {
    log: (level, message, meta) => speaking(log)[level.toLowerCase() as 'info'](message, meta),
    trace: (message, meta) => log.trace(meta ?? {}, message),
    debug: (message, meta) => log.debug(meta ?? {}, message),
    info: (message, meta) => log.info(meta ?? {}, message),
    warn: (message, meta) => log.warn(meta ?? {}, message),
    error: (message, meta) => log.error(meta ?? {}, message),
  };
}
