/** What one step may use in the sandbox. Each is a variable of the worker. Pure. */

export interface StepLimits {
  memoryMib: number;
  /** Of all its processes together. */
  cpuSeconds: number;
  /** Processes and their threads. */
  processes: number;
  /** Of one process. */
  openFiles: number;
  /** What a workspace holds; also the largest file. */
  diskMib: number;
}

export type Limit = 'memory' | 'cpu' | 'processes' | 'disk';

/** A file costs at least this much, however small it is: there are only so many. Bytes. */
export const FILE_COST_BYTES = 4_096;

const VARIABLES: Record<Limit, string> = {
  memory: 'SLIPWAY_STEP_MEMORY_MIB',
  cpu: 'SLIPWAY_STEP_CPU_SECONDS',
  processes: 'SLIPWAY_STEP_PROCESSES',
  disk: 'SLIPWAY_STEP_DISK_MIB',
};

/** For the author of the commit: the limit, its value, and how to change it. */
export function limitWords(limit: Limit, limits: StepLimits): string {
  const what: Record<Limit, string> = {
    memory: `${limits.memoryMib} MiB of memory`,
    cpu: `${limits.cpuSeconds} s of CPU time`,
    processes: `${limits.processes} processes and threads at once`,
    disk: `${limits.diskMib} MiB of disk`,
  };
  return (
    `the step wanted more than ${what[limit]}, its limit; ` +
    `let it use less, or raise ${VARIABLES[limit]} of the worker`
  );
}
