// SPDX-License-Identifier: MIT

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupts extends Disposable {
  /** Aborts when the user asks to stop; a second request ends the process as usual. */
  readonly signal: AbortSignal;
  /** Until disposed, Ctrl-C is for the program that has the terminal, not for us. */
  hold(): Disposable;
}

/** Listens for the user's request to stop, until disposed. */
export function untilInterrupted(): Interrupts {
  const controller = new AbortController();
  let holders = 0;
  const abort = (name: NodeJS.Signals) => {
    if (holders > 0 && name === 'SIGINT') return;
    controller.abort();
    // Not at once: what else listens, such as whoever writes a file, would then take itself for the last that does and
    // let the signal end the process.
    setImmediate(remove);
  };
  const remove = () => {
    for (const name of SIGNALS) process.off(name, abort);
  };
  const hold = () => {
    holders += 1;
    const release = () => {
      holders -= 1;
    };
    return { [Symbol.dispose]: release };
  };
  for (const name of SIGNALS) process.on(name, abort);
  return { signal: controller.signal, hold, [Symbol.dispose]: remove };
}
