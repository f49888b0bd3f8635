// SPDX-License-Identifier: MIT
import { asPinlabError } from '../errors.ts';
import type { Emit } from '../schema/events.ts';
import type { Splat, TestResult } from '../schema/results.ts';
import type { Guest } from './bootGuest.ts';

/** Adds source lines to the frames of the kernel's reports. */
export type Decode = (splats: readonly Splat[]) => Promise<Splat[]>;

/** What a run knows so far; it grows with every test, so that nothing is lost when the run ends early. */
export class TestRecord {
  readonly tests: TestResult[] = [];
  readonly splats: Splat[] = [];
  /** The command line of the last QEMU that booted: what started from its snapshot is an equal machine. */
  qemuArguments: readonly string[] = [];
  /** That of the slowest guest; none before the first. */
  slowdown: number | undefined;
  /** Why the tests without a verdict never started. */
  notStarted = 'never started';
  readonly #emit: Emit;
  readonly #decode: Decode;

  constructor(emit: Emit, decode: Decode) {
    this.#emit = emit;
    this.#decode = decode;
  }

  /** A guest is there. */
  booted({ vm, slowdown }: Pick<Guest, 'vm' | 'slowdown'>) {
    this.qemuArguments = vm.arguments;
    this.slowdown = Math.max(slowdown, this.slowdown ?? slowdown);
  }

  /** A test is about to run. */
  starts(id: string, attempt: number) {
    this.#emit({ type: 'testStart', id, attempt });
  }

  /** A test has its verdict. */
  add(test: TestResult) {
    this.tests.push(test);
    this.#emit({ type: 'testEnd', test });
  }

  /** No test starts after `id`, which failed. */
  stopAt(id: string) {
    this.notStarted = `not started: the run stopped when ${id} failed`;
  }

  /** The kernel has reported on itself; returns the reports, with their source lines where these can be had. */
  async addSplats(found: readonly Splat[]): Promise<Splat[]> {
    let splats = [...found];
    try {
      splats = await this.#decode(found);
    } catch (error) {
      // A report without its source is still a report; a bug of ours is thrown on.
      asPinlabError(error);
    } finally {
      this.splats.push(...splats);
      for (const splat of splats) this.#emit({ type: 'splat', splat });
    }
    return splats;
  }
}
