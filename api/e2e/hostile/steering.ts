/** What would steer a terminal, and a way to say so of what was printed. */
import { must } from './entry.js';

const ESC = '\u001b';
/** A title, a cleared screen, a link, a question to the terminal, eight-bit forms, turned text, colour. */
export const STEERING = [
  `${ESC}]0;owned\u0007`,
  `${ESC}[2J${ESC}[H`,
  `${ESC}]8;;http://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`,
  `${ESC}[6n`,
  '\u009b2J\u009d0;owned\u009c',
  '\u202egpj\u2066',
  `${ESC}[31mred${ESC}[0m`,
].join('x');

const STEERS = /[\p{Cc}\p{Cf}\p{Cs}]/u;
const COLOUR = new RegExp(`${ESC}\\[[0-9;:]*m`, 'g');

/** Colours, tabs and line ends may stay; git itself ends remote lines with blanks. */
export function isTame(text: string, where: string): void {
  for (const line of text.replace(COLOUR, '').split(/\r?\n|\r/)) {
    const rest = line.replaceAll('\t', '');
    must(!STEERS.test(rest), `${where} steers the terminal: ${JSON.stringify(line)}`);
  }
}
