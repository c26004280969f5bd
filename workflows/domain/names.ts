/** The names and digests that everything else is keyed by. Parse once at the door; trust inside. */
import { z } from 'zod';

const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const LABEL_HELP = 'must be a lowercase RFC 1123 label, like "web-42"';

/** Also a Temporal workflow id and a Kubernetes name, hence RFC 1123. At most 63 characters. */
export const RunId = z.string().max(63).regex(label, LABEL_HELP).brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;

/** A repository behind our git endpoint. At most 40 characters, so that a run id fits behind it. */
export const RepositoryName = z.string().max(40).regex(label, LABEL_HELP);
export type RepositoryName = z.infer<typeof RepositoryName>;

/** What an application instance is for: `staging`, `production`. At most 40 characters. */
export const StageName = z.string().max(40).regex(label, LABEL_HELP);
export type StageName = z.infer<typeof StageName>;

/** A node of the pipeline's graph. At most 60 characters. */
export const StepName = z
  .string()
  .max(60)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_-]*$/, 'must start with a letter and hold letters, digits, - or _');
export type StepName = z.infer<typeof StepName>;

/** Variables that a shell assigns to by itself or cannot export, and those that every step is given. */
const TAKEN =
  /^(BASH.*|SHELLOPTS|E?UID|PPID|GROUPS|FUNCNAME|DIRSTACK|S?RANDOM|SECONDS|EPOCH.*|LINENO|HISTCMD|IFS|OPTIND|OPTERR|PATH|HOME|TMPDIR|LANG|CI|STAGE_URL)$/;

/** A secret, and the variable that commands find it in. At most 60 characters. */
export const SecretName = z
  .string()
  .max(60)
  .regex(/^[A-Z][A-Z0-9_]*$/, 'must be a variable name in capitals, like "NPM_TOKEN"')
  .refine((name) => !/^SLIPWAY(_|$)/.test(name), 'must not begin with SLIPWAY: such names are ours')
  .refine(
    (name) => !TAKEN.test(name),
    'must not be a variable that shells or Slipway set by themselves',
  );
export type SecretName = z.infer<typeof SecretName>;

/** Words of a person, as PostgreSQL keeps them: no NUL, no half of a surrogate pair. */
export const plainText = (maxChars: number) =>
  z
    .string()
    .max(maxChars)
    .refine(
      (text) => text.isWellFormed() && !text.includes('\0'),
      'must not hold NUL, or half a character',
    );

/** A login: who pushed, who decided. At most 64 characters. */
export const Login = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i, 'must be letters, digits, ".", "_" or "-"');
export type Login = z.infer<typeof Login>;

/** The 40-digit name of a Git commit. */
export const Commit = z.string().regex(/^[0-9a-f]{40}$/, 'must be a 40-digit commit');
export type Commit = z.infer<typeof Commit>;

/** `sha256:` and 64 hexadecimal digits of the named bytes. */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 digits');
export type Digest = z.infer<typeof Digest>;

/** The seven digits people read. */
export function short(digestOrCommit: string): string {
  return digestOrCommit.replace(/^sha256:/, '').slice(0, 7);
}
