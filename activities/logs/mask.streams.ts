/** The text of a log's streams: cleaned, then without what must be hidden. In this order: what cleaning
 * takes out of a secret would else have hidden it from the mask. */
import type { Stream } from '../store/store.ports.js';
import { type Mask, type MaskedStream, NO_MASK } from './mask.js';
import { StreamText } from './text.js';

interface One {
  clean: StreamText;
  masked: MaskedStream;
}

export class HiddenText {
  private readonly streams = new Map<Stream, One>();
  private mask: Mask = NO_MASK;

  push(stream: Stream, text: string | Uint8Array): string {
    const { clean, masked } = this.of(stream);
    return masked.push(clean.push(text));
  }

  /** Nothing may wait when it is called: NO_MASK lets nothing wait. */
  hide(mask: Mask): void {
    this.mask = mask;
    for (const one of this.streams.values()) one.masked = mask.stream();
  }

  /** What was held back, of each stream. */
  end(): [stream: Stream, text: string][] {
    return [...this.streams].map(([stream, { clean, masked }]) => [
      stream,
      masked.push(clean.end()) + masked.end(),
    ]);
  }

  private of(stream: Stream): One {
    const one = this.streams.get(stream) ?? {
      clean: new StreamText(),
      masked: this.mask.stream(),
    };
    this.streams.set(stream, one);
    return one;
  }
}
