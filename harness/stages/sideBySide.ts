// SPDX-License-Identifier: MIT

/**
 * Runs `count` workers at once to their ends. If one fails or `signal` aborts, the signal that each
 * was given aborts; the first failure is thrown once all have ended.
 */
export async function sideBySide(
  count: number,
  signal: AbortSignal,
  worker: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const shared = AbortSignal.any([signal, failure.signal]);
  const errors: unknown[] = [];
  const run = () =>
    worker(shared).catch((error) => {
      errors.push(error);
      failure.abort();
    });
  await Promise.all(Array.from({ length: count }, run));
  if (errors.length > 0) throw errors[0];
}
