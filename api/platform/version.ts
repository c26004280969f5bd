/** The version of this package. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../activities/platform/package-root.js';

const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));

export const { version } = z.object({ version: z.string() }).parse(manifest);
