/** The command line: makes a program of the commands, and runs it. */
import { Command, CommanderError } from 'commander';
import { forTerminal, jsonForTerminal } from '../client/narrate.text.js';
import { COMMANDS, type Spec } from './commands.table.js';
import { CliError, EXIT, type ExitCode, toFailure } from './exit.js';
import type { Context, Io } from './io.js';
import { version } from './version.js';

/** Runs one command line; the exit code. Never throws. Nothing that it prints steers a terminal. */
export async function runCli(argv: string[], outside: Io): Promise<ExitCode> {
  const io: Io = {
    ...outside,
    out: (line) => outside.out(forTerminal(line)),
    err: (line) => outside.err(forTerminal(line)),
  };
  const json = argv.includes('--json');
  let code: ExitCode = EXIT.good;
  const program = build(io, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.good;
    const failure = toFailure(error instanceof CommanderError ? usageError(error) : error);
    if (json) io.out(document({ error: failure.error }));
    io.err(failure.error.detail);
    if (failure.error.help) io.err(failure.error.help);
    return failure.code;
  }
}

function document(json: unknown): string {
  return jsonForTerminal(JSON.stringify(json, null, 2));
}

function build(io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command('slipway')
    .description('Turns a git push into a durable delivery.')
    .version(version())
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: () => undefined,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 succeeded, 1 said no, 2 wrong usage, 3 errored or unreachable, 4 still waiting.',
    );
  for (const spec of COMMANDS) {
    const above = spec.group ? groupOf(program, spec.group) : program;
    add(above, spec, io, done);
  }
  return program;
}

function groupOf(program: Command, [name, description]: [string, string]): Command {
  const found = program.commands.find((command) => command.name() === name);
  return found ?? program.command(name).description(description);
}

function add(program: Command, spec: Spec, io: Io, done: (code: ExitCode) => void): void {
  const command = program.command(spec.usage).description(spec.description);
  for (const [flags, description] of spec.options ?? []) {
    if (flags.startsWith('+')) {
      const collect = (value: string, all: string[] = []) => [...all, value];
      command.option(flags.slice(1), description, collect);
    } else command.option(flags, description);
  }
  command.option('--json', 'print one JSON document');
  command.action(async (...given: unknown[]) => {
    const options = command.opts<{ json?: boolean }>();
    const args = given.slice(0, -2).flat() as (string | undefined)[];
    const context: Context = { io, json: options.json === true };
    const run = await spec.load();
    const { code, json, lines } = await run(context, { args, options });
    if (context.json) io.out(document(json));
    else for (const line of lines) io.out(line);
    done(code);
  });
}

function usageError(error: CommanderError): CliError {
  const message = error.message.replace(/^error: /, '');
  if (error.code === 'commander.excessArguments') {
    // The words themselves are not said again: one may be a secret that belongs on standard input.
    return new CliError(EXIT.usage, message.replace(/: .*$/s, ''), 'See "slipway COMMAND --help".');
  }
  if (error.code === 'commander.help') {
    return new CliError(EXIT.usage, 'which command?', 'See "slipway --help".');
  }
  return new CliError(EXIT.usage, message, 'See "slipway --help", or "slipway COMMAND --help".');
}
