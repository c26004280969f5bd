/**
 * The JSON Schema of the pipeline file: completion and checks in every editor that knows YAML.
 *
 * Kept as docs/pipeline.schema.json; `npm run generate` writes it.
 */
import { z } from 'zod';
import { Pipeline } from './schema.js';
import { KINDS, METHODS } from './schema.kinds.js';

/** Draft 7, which editors know best. The same text for the same language. */
export function pipelineJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(Pipeline, {
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => {
      if (!(zodSchema instanceof z.ZodObject)) return;
      // Refinements have no words in JSON Schema; these two are worth saying in its own.
      const fields = Object.keys(zodSchema.shape);
      for (const names of [KINDS, METHODS]) {
        if (!names.every((name) => fields.includes(name))) continue;
        jsonSchema.oneOf = names.map((name) => ({ required: [name] }));
      }
    },
  });
}
