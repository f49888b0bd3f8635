// SPDX-License-Identifier: MIT

import test from 'ava';
import { JsonReporter } from '../../report/json.ts';
import { results as schema } from '../../schema/results.ts';
import { sampleResults, sampleTest } from '../schema/sample.ts';
import { Collected, replay } from './collect.ts';
import { hostileResults } from './hostile.ts';

test('the stream holds one document and nothing else', async (t) => {
  for (const results of [sampleResults([sampleTest()]), hostileResults()]) {
    const stream = new Collected();
    await replay([new JsonReporter(stream)], results);
    t.deepEqual(schema.parse(JSON.parse(stream.text)), results);
  }
});
