// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { InfraError } from '../errors.ts';
import type { Qmp, QmpEvent } from './qmp.ts';

export interface MigrationOptions {
  timeoutMs: number;
}

/** RAM at fixed places of the file, so that only what the guest has touched is written and read. */
const CAPABILITIES = ['mapped-ram', 'events'];

const Status = z.object({ 'error-desc': z.string().optional() });

/** Stops the machine and writes its state, devices and memory, to `file`. */
export async function saveState(qmp: Qmp, file: string, options: MigrationOptions): Promise<void> {
  await qmp.execute('stop');
  await enableCapabilities(qmp);
  // QEMU would else spare the network: 128 MiB/s.
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 0 });
  await migrate(qmp, 'migrate', file, options);
}

/** Gives a machine that awaits it the state in `file`, and lets it run. */
export async function loadState(qmp: Qmp, file: string, options: MigrationOptions): Promise<void> {
  await enableCapabilities(qmp);
  await migrate(qmp, 'migrate-incoming', file, options);
  await qmp.execute('cont');
}

async function enableCapabilities(qmp: Qmp) {
  const capabilities = CAPABILITIES.map((capability) => ({ capability, state: true }));
  await qmp.execute('migrate-set-capabilities', { capabilities });
}

async function migrate(
  qmp: Qmp,
  command: 'migrate' | 'migrate-incoming',
  file: string,
  { timeoutMs }: MigrationOptions,
) {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  using _ = qmp.onEvent((event) => {
    const status = statusOf(event);
    if (status === 'completed' || status === 'failed') resolve(status);
  });
  const over = new AbortController();
  const late = setTimeout(timeoutMs, `not complete after ${timeoutMs} ms`, { signal: over.signal });
  try {
    await qmp.execute(command, { uri: `file:${file}` });
    const status = await Promise.race([ended, late]);
    if (status !== 'completed') throw new InfraError(await reason(qmp, status));
  } catch (cause) {
    throw new InfraError(`QMP ${command} ${file}: ${(cause as Error).message}`, {
      cause,
      hint: 'the state goes to TMPDIR; check that there is room, or run with --isolate none',
    });
  } finally {
    over.abort();
    // Nobody waits for it any more.
    late.catch(() => undefined);
  }
}

function statusOf({ event, data }: QmpEvent): unknown {
  return event === 'MIGRATION' ? data?.status : undefined;
}

async function reason(qmp: Qmp, status: string): Promise<string> {
  const said = Status.safeParse(await qmp.execute('query-migrate')).data?.['error-desc'];
  return said === undefined ? status : `${status}: ${said}`;
}
