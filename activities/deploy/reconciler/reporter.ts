/** Tells the store what stages look like: at once when something changed, and every 10 s that we live. */
import { wordsOf } from '../../platform/errors.js';
import type { StagesStore } from '../../store/store.ports.js';

export type Report = Parameters<StagesStore['observe']>[0];

const REFRESH_MS = 10_000;
/** After the store was away. */
const RETRY_MS = 1_000;

export class Reporter {
  private readonly latest = new Map<string, { report: Report; said: string; at: number }>();
  private readonly due = new Set<string>();
  private timer: NodeJS.Timeout;
  private sending: Promise<void> | undefined;
  private complained = '';

  constructor(
    private readonly stages: Pick<StagesStore, 'observe'>,
    private readonly say: (line: string) => void,
  ) {
    this.timer = setInterval(() => this.refresh(), RETRY_MS);
  }

  /** Never waits and never throws: what cannot be told now is told later, and serving goes on. */
  tell(report: Report): void {
    const key = `${report.repository}/${report.name}`;
    const said = JSON.stringify(report);
    const before = this.latest.get(key);
    if (before?.said === said) return;
    this.latest.set(key, { report, said, at: Number.NEGATIVE_INFINITY });
    this.due.add(key);
    this.send();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.sending;
  }

  private refresh(): void {
    const now = performance.now();
    for (const [key, { at }] of this.latest) if (now - at >= REFRESH_MS) this.due.add(key);
    this.send();
  }

  private send(): void {
    if (this.sending || this.due.size === 0) return;
    this.sending = this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  private async sendAll(): Promise<void> {
    for (const key of this.due) {
      const latest = this.latest.get(key);
      this.due.delete(key);
      if (!latest) continue;
      try {
        await this.stages.observe(latest.report);
        latest.at = performance.now();
        this.complained = '';
      } catch (error) {
        this.complain(error);
        return; // The next refresh tells it: its time is still the old one.
      }
    }
  }

  private complain(error: unknown): void {
    const words = wordsOf(error);
    if (words !== this.complained) this.say(`stages cannot be reported: ${words}`);
    this.complained = words;
  }
}
