// SPDX-License-Identifier: MIT

import { z } from 'zod';
import { RESULTS_SCHEMA, results } from './results.ts';

/** The JSON Schema of `results.json`, for readers that are not TypeScript. */
export function resultsJsonSchema(): Record<string, unknown> {
  return { $id: RESULTS_SCHEMA, title: 'The result of one pinlab run', ...z.toJSONSchema(results) };
}

/** The text of `docs/results.schema.json`; a unit test keeps that file equal to it. */
export function resultsJsonSchemaText(): string {
  return `${JSON.stringify(resultsJsonSchema(), null, 2)}\n`;
}
