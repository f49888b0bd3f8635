// SPDX-License-Identifier: MIT

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal that aborts when the user asks to stop; a second request ends the process as usual. */
export function untilInterrupted(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const abort = () => {
    controller.abort();
    remove();
  };
  const remove = () => {
    for (const name of SIGNALS) process.off(name, abort);
  };
  for (const name of SIGNALS) process.on(name, abort);
  return { signal: controller.signal, [Symbol.dispose]: remove };
}
