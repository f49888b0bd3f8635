// SPDX-License-Identifier: MIT

/** Process exit codes; `README.md` lists what each means to a caller. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  infra: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** strerror(ENOSPC), which every tool prints. */
export const DISK_FULL = 'No space left on device';

/** What to do about ENOSPC, whoever met it. */
export const DISK_FULL_HINT =
  'the disk is full: free some, or set XDG_CACHE_HOME to a larger one; finished artifacts are kept';

/** A line of a file of the user's, from 1. */
export interface SourceLine {
  file: string;
  line: number;
}

export interface ErrorDetail {
  /** What to do about it: a sentence or a command. */
  hint?: string;
  /** A shell line that reproduces the failure. */
  command?: string;
  /** The last lines of the output that explains it. */
  output?: string;
  /** The line that is the suspect. */
  place?: SourceLine;
  cause?: unknown;
}

/** An error that pinlab reports in full and that decides the exit code. */
export class PinlabError extends Error {
  readonly exitCode: ExitCode = EXIT.infra;
  readonly hint: string | undefined;
  readonly command: string | undefined;
  readonly output: string | undefined;
  /** Whoever knows what was built may find it in `output` later. */
  place: SourceLine | undefined;

  constructor(message: string, detail: ErrorDetail = {}) {
    super(message, { cause: detail.cause });
    this.name = new.target.name;
    this.hint = detail.hint;
    this.command = detail.command;
    this.output = detail.output;
    this.place = detail.place;
  }
}

/** The command line or a configuration is wrong; the user mends it. */
export class UsageError extends PinlabError {
  override readonly exitCode = EXIT.usage;
}

/** The sources do not take what was asked of them, such as an option or a patch. */
export class MismatchError extends UsageError {}

/** A tool, the disk, the network or a guest that was ready failed; nothing is known about the patch. */
export class InfraError extends PinlabError {
  override readonly exitCode = EXIT.infra;
}

/** `error` as one that pinlab reports: a failed system call is the host's; a bug of ours is thrown on. */
export function asPinlabError(error: unknown): PinlabError {
  if (error instanceof PinlabError) return error;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  const hint = code === 'ENOSPC' ? { hint: DISK_FULL_HINT } : {};
  return new InfraError(message, { cause: error, ...hint });
}

/** A build stopped: the sources, the patches or the configuration under test are the suspects. */
export class BuildError extends PinlabError {
  override readonly exitCode = EXIT.infra;

  constructor(message: string, detail: ErrorDetail = {}) {
    const full = detail.output?.includes(DISK_FULL) ?? false;
    super(full ? `${message}: the disk is full` : message, {
      ...detail,
      ...(full ? { hint: DISK_FULL_HINT } : {}),
    });
  }
}

/** The guest did not come up: the kernel under test is the suspect, `output` holds its console. */
export class BootError extends PinlabError {
  override readonly exitCode = EXIT.failed;
}

/** The user asked to stop. */
export class InterruptedError extends PinlabError {
  override readonly exitCode = EXIT.interrupted;
}
