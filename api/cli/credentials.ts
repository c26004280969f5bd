/** How git gets the token: by its environment, never by a command line, a file or a remote's address. */

/** Prints what git asks for; the token itself is in a variable. */
const HELPER = `!f() { test "$1" = get && printf 'username=slipway\\npassword=%s\\n' "$SLIPWAY_TOKEN"; }; f`;

/** A credential helper for this address only: no other host can ask for the token. */
export function withToken(env: NodeJS.ProcessEnv, url: string, token: string): NodeJS.ProcessEnv {
  const settings = [
    [`credential.${url}.helper`, ''],
    [`credential.${url}.helper`, HELPER],
  ];
  const first = Number(env['GIT_CONFIG_COUNT'] ?? 0);
  const added = settings.flatMap(([key = '', value = ''], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return {
    ...env,
    ...Object.fromEntries(added),
    GIT_CONFIG_COUNT: String(first + settings.length),
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    SLIPWAY_TOKEN: token,
  };
}
