// llama.cpp's own clock, as it prints it.

/** What it says may come a moment after it was asked; so often it is asked again. */
const ASKS = 5;

/**
 * Since it was asked last. llama.cpp counts a batch of several streams as prompt: both of its clocks
 * together are its time.
 */
export async function timed(ask) {
  let nativeMs = 0;
  let tokens = 0;
  for (let n = 0; n < ASKS && nativeMs === 0; n++) {
    for (const line of await ask()) {
      const found = /(?:prompt eval|eval) time\s*=\s*([\d.]+) ms\s*\/\s*(\d+)/.exec(line);
      if (!found) continue;
      nativeMs += Number(found[1]);
      tokens += Number(found[2]);
    }
  }
  return { nativeMs, tokens };
}
