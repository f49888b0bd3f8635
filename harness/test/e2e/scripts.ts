// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emit } from '../../schema/events.ts';
import type { Results } from '../../schema/results.ts';
import { ConsoleLogs } from '../../stages/consoleLogs.ts';
import { decodeSplats } from '../../stages/decodeSplats.ts';
import { testMachine } from '../../stages/machine.ts';
import { describeRun } from '../../stages/results.ts';
import { DEFAULT_POLICY, type RunPolicy } from '../../stages/runPolicy.ts';
import { runTests } from '../../stages/runTests.ts';
import type { PlannedTest } from '../../stages/testPlan.ts';
import { TestRecord } from '../../stages/testRecord.ts';
import { Watchdog } from '../../stages/watchdog.ts';
import { bootRequest, built, workspace } from './machine.ts';

/** What a script prints to pass as the test `t`. */
export const PASS = 'echo "TAP version 13"; echo 1..1; echo "ok 1 t"; exit 0';
/** What a script prints to fail as the test `t`. */
export const FAIL = 'echo "TAP version 13"; echo 1..1; echo "not ok 1 t"; exit 1';

export interface ScriptRun {
  /** Shell scripts by the name of the program that each stands for; its test is `t`. */
  scripts: Readonly<Record<string, string>>;
  /** The tests to run; by default the one of each script. */
  tests?: readonly PlannedTest[];
  policy?: Partial<RunPolicy>;
  testTimeoutMs?: number;
  jobs?: number;
  emit?: Emit;
}

/** Runs shell scripts as guest programs, beside the real ones, on the standard machine. */
export async function runScripts(directory: string, run: ScriptRun): Promise<TestRecord> {
  const { kernel, guestTests } = await built();
  const programs = join(directory, 'programs');
  await cp(guestTests.directory, programs, { recursive: true, verbatimSymlinks: true });
  for (const [name, script] of Object.entries(run.scripts))
    await addProgram(programs, name, script);
  const { consoleFile, ...machine } = await bootRequest(createWriteStream('/dev/null'));
  consoleFile.end();
  const record = new TestRecord(run.emit ?? (() => undefined), (splats) =>
    decodeSplats(workspace, kernel, splats),
  );
  const tests = run.tests ?? Object.keys(run.scripts).map(scriptTest);
  await runTests(
    {
      ...{ machine, tests, programs, configSha256: kernel.configSha256 },
      ...{ jobs: run.jobs ?? 1, durations: new Map() },
      testTimeoutMs: run.testTimeoutMs ?? 5_000,
      policy: { ...DEFAULT_POLICY, ...run.policy },
      watchdog: new Watchdog({ directory, kernelConfig: kernel.config }),
      logs: new ConsoleLogs(directory),
    },
    record,
  );
  return record;
}

/** The results document of `record`, which ran `tests`. */
export async function resultsOf(
  record: TestRecord,
  tests: readonly PlannedTest[],
): Promise<Results> {
  const artifacts = await built();
  const { kernel, image } = artifacts;
  return describeRun({
    ...{ version: '0', command: ['pinlab', 'run'], startedAt: new Date(), shard: undefined },
    ...{ built: artifacts, planned: tests, outcome: record, policy: DEFAULT_POLICY },
    machine: testMachine({ kernel: kernel.image, initrd: image.initramfs }),
  });
}

/** The test of the script `program`. */
export function scriptTest(program: string): PlannedTest {
  return { id: `${program}:t`, program, name: 't' };
}

async function addProgram(programs: string, name: string, script: string) {
  await writeFile(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
