/** What `npm start` says: one line per piece, then what to do next. */
import pc from 'picocolors';

export interface Screen {
  /** Shows that `what` is being done, and how it went. Long work says every 5 s that it lives. */
  during<T>(what: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  line(text: string): void;
  warn(text: string): void;
}

const TICK_MS = 5_000;

export function terminalScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  return {
    during: async (what, work) => {
      const started = performance.now();
      const label = `  ${what.padEnd(16)}`;
      let note = 'ready';
      out.write(`${label}…`);
      const tick = setInterval(() => out.write('.'), TICK_MS);
      try {
        const result = await work((text) => {
          note = text;
        });
        const seconds = ((performance.now() - started) / 1_000).toFixed(1);
        out.write(
          `${out.isTTY ? `\r${label}` : ' '}${note} ${pc.dim(`(${seconds} s)`)}          \n`,
        );
        return result;
      } catch (error) {
        out.write(` ${pc.red('failed')}\n`);
        throw error;
      } finally {
        clearInterval(tick);
      }
    },
    line: (text) => out.write(`${text}\n`),
    warn: (text) => out.write(`${pc.yellow('!')} ${text}\n`),
  };
}
