// SPDX-License-Identifier: MIT
import type { Vm } from '../qemu/vm.ts';
import type { GuestConsole } from './guestConsole.ts';

/** The part of a guest that is there from power-on. */
export interface HangingGuest {
  readonly vm: Vm;
  readonly console: GuestConsole;
  /** The limit for something that takes `ms` at most in a guest that is not slow. */
  within(ms: number): number;
}

/** What to do about a guest that does not answer. */
export interface Asking {
  /** Called with the guest before it is ended, and with the error that says what was awaited. */
  onHang?: (guest: HangingGuest, error: Error) => Promise<unknown>;
  signal: AbortSignal;
}

/** Settles as `answer` does. Before it rejects, unless after an interrupt, the guest's kernel can be asked why. */
export async function answered<T>(
  guest: HangingGuest,
  answer: Promise<T>,
  { onHang, signal }: Asking,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!signal.aborted) await onHang?.(guest, error as Error);
    throw error;
  }
}
