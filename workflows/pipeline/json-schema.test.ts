import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { pipelineJsonSchema } from './json-schema.js';

describe('the JSON Schema', () => {
  const schema = pipelineJsonSchema();
  const text = JSON.stringify(schema, null, 2);

  it('is the one in docs; "npm run generate" writes it anew', () => {
    const kept = new URL('../../docs/pipeline.schema.json', import.meta.url);
    expect(`${text}\n`).toBe(readFileSync(kept, 'utf8'));
  });

  it('knows every kind, and that a step has exactly one', () => {
    for (const kind of ['run', 'build', 'scan', 'deploy', 'check', 'approve']) {
      expect(text).toContain(`"${kind}": {`);
    }
    expect(schema).toHaveProperty(
      'properties.steps.additionalProperties.oneOf',
      ['run', 'build', 'scan', 'deploy', 'check', 'approve'].map((kind) => ({ required: [kind] })),
    );
  });

  it('takes no unknown fields', () => {
    expect(schema).toMatchObject({ additionalProperties: false });
    expect(schema).toHaveProperty(
      'properties.steps.additionalProperties.additionalProperties',
      false,
    );
  });

  it('describes every field of a step for the editor', () => {
    const step = (schema as { properties: { steps: { additionalProperties: object } } }).properties
      .steps.additionalProperties as { properties: Record<string, { description?: string }> };
    for (const [name, field] of Object.entries(step.properties)) {
      expect([name, field.description]).toEqual([name, expect.any(String)]);
    }
  });
});
