/** Do the inputs of `on.manual` make sense by themselves. */
import { listed, type Problem, quote } from './finding.js';
import { Text } from './schema.parts.js';
import { mappingAt } from './sketch.js';

export function checkInputs(file: unknown): Problem[] {
  const inputs = Object.entries(mappingAt(file, ['on', 'manual', 'inputs']));
  const seen = new Map<string, string>();
  return inputs.flatMap(([name, input]) => {
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
    const twin = seen.get(name.toUpperCase());
    if (twin !== undefined) {
      const message = `${quote(twin)} and ${quote(name)} would be the same variable of commands`;
      problems.push({ path, message, help: 'give one of them another name' });
    }
    seen.set(name.toUpperCase(), name);
    return problems;
  });
}
