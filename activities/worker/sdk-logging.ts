/** Temporal's SDK speaks through our log, its native part included. */
import {
  type Logger,
  type LogMetadata,
  makeTelemetryFilterString,
  Runtime,
} from '@temporalio/worker';
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
    trace: (message, meta) => log.trace(fields(meta), message),
    debug: (message, meta) => log.debug(fields(meta), message),
    info: (message, meta) => log.info(fields(meta), message),
    warn: (message, meta) => log.warn(fields(meta), message),
    error: (message, meta) => log.error(fields(meta), message),
  };
}

/** The SDK says `error`; our log prints the words and causes of `err`. */
function fields(meta: LogMetadata | undefined): object {
  const { error, ...rest } = meta ?? {};
  return error === undefined ? rest : { ...rest, err: error };
}
