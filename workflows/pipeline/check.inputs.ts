/** Do the inputs of `on.manual` make sense by themselves. */
import { MAX_INPUT_BYTES } from '../domain/limits.js';
import { listed, type Path, type Problem, quote } from './finding.js';
import { Text } from './schema.parts.js';
import { mappingAt } from './sketch.js';

export function checkInputs(file: unknown): Problem[] {
  const inputs = Object.entries(mappingAt(file, ['on', 'manual', 'inputs']));
  const startsByPush = 'push' in mappingAt(file, ['on']);
  const seen = new Map<string, string>();
  const defaults = inputs.map(([name, input]) => [name, mappingAt(input, [])['default']]);
  const weighed = tooMuch(Object.fromEntries(defaults), ['on', 'manual', 'inputs']);
  const problems = inputs.flatMap(([name, input]) => {
    const path = ['on', 'manual', 'inputs', name];
    const problems: Problem[] = [];
    const { default: written, options, required } = mappingAt(input, []);
    const preset = Text.safeParse(written).data;
    const values = Array.isArray(options) ? options.map(String) : [];
    if (preset !== undefined && values.length > 0 && !values.includes(String(preset))) {
      const message = `the default ${quote(String(preset))} is none of the options`;
      problems.push({ path: [...path, 'default'], message, help: `options: ${listed(values)}` });
    }
    if (preset !== undefined && required === true) {
      const message = 'an input with a default is never missing, so that "required" says nothing';
      problems.push({ path: [...path, 'required'], message, help: 'remove one of the two' });
    }
    if (preset === undefined && required === true && startsByPush) {
      const message = `a push gives no inputs, so that ${quote(name)} would be missing`;
      const help = 'give it a default, or take "push" out of "on"';
      problems.push({ path: [...path, 'required'], message, help });
    }
    const twin = seen.get(name.toUpperCase());
    if (twin !== undefined) {
      const message = `${quote(twin)} and ${quote(name)} would be the same variable of commands`;
      problems.push({ path, message, help: 'give one of them another name' });
    }
    seen.set(name.toUpperCase(), name);
    return problems;
  });
  return [...problems, ...weighed];
}

/** Every step of a run is told its inputs, so all of them together have a limit. */
export function tooMuch(inputs: object, path: Path): Problem[] {
  const bytes = new TextEncoder().encode(JSON.stringify(inputs)).length;
  if (bytes <= MAX_INPUT_BYTES) return [];
  const message = `the inputs have ${bytes} bytes together; the limit is ${MAX_INPUT_BYTES}`;
  return [{ path, message, help: 'put long values into files of the repository' }];
}
