/** A piece of a file that a client sends. */
import type { Readable } from 'node:stream';
import type { Part } from './part.js';
import { BadSource, PullRefused } from './pull.errors.js';

export interface UploadLimits {
  /** Of one piece. Bytes. */
  pieceBytes: number;
}

/** 16 MiB: it must come within the time that an answer may take. */
export const UPLOAD_LIMITS: UploadLimits = { pieceBytes: 16_777_216 };

/**
 * Keeps what comes, also when the piece is cut off.
 *
 * @throws {PullRefused} `wrong-offset`, before anything is kept. {BadSource} for more than was announced.
 */
export async function takePiece(
  part: Part,
  { offset, piece, limits }: { offset: number; piece: Readable; limits: UploadLimits },
): Promise<void> {
  await part.settle();
  const { bytes, totalBytes } = part.state;
  if (offset !== bytes) {
    piece.resume();
    const message = `the piece begins at byte ${offset}, and ${bytes} are here`;
    throw new PullRefused('wrong-offset', message, 'Look at the upload, and go on from its bytes.');
  }
  const most = Math.min(totalBytes ?? 0, bytes + limits.pieceBytes);
  await part.append(piece as AsyncIterable<Buffer>, {
    most,
    tooMuch: () =>
      new BadSource(
        `a piece has more than ${most - bytes} bytes`,
        `Send pieces of at most ${limits.pieceBytes} bytes, and not more than was announced.`,
      ),
  });
}
