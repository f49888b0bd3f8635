// SPDX-License-Identifier: MIT

import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { InfraError } from '../errors.ts';
import { LineSplitter } from '../host/lines.ts';
import { parseJson } from '../host/parseJson.ts';

const Greeting = z.object({ QMP: z.object({ version: z.unknown() }) });
const Success = z.object({ return: z.unknown(), id: z.number() });
const Failure = z.object({
  error: z.object({ class: z.string(), desc: z.string() }),
  // Absent when QEMU could not make sense of what it was sent.
  id: z.number().optional(),
});
const Event = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() });
const Message = z.union([Success, Failure, Event, Greeting]);
const Counters = z.record(z.string(), z.int().nonnegative());

export type QmpEvent = z.infer<typeof Event>;

/** QEMU refused a QMP command; `class` is QEMU's error class. */
export class QmpError extends InfraError {
  readonly class: string;

  constructor(command: string, failure: z.infer<typeof Failure>['error']) {
    super(`QMP ${command}: ${failure.class}: ${failure.desc}`);
    this.class = failure.class;
  }
}

interface Pending {
  command: string;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** How long QEMU may take for an answer on a host that is not slow. */
export const QEMU_ANSWER_TIMEOUT_MS = 10_000;
/** The greeting answers no command; it is awaited under this id. */
const GREETING = 0;

/** A QMP session with one QEMU; commands may overlap. */
export class Qmp implements AsyncDisposable {
  /** How long QEMU may take for an answer where a command is given no time of its own. */
  timeoutMs: number;
  readonly #socket: Duplex;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #lastId = GREETING;
  #closed: InfraError | undefined;

  private constructor(socket: Duplex, timeoutMs: number) {
    this.#socket = socket;
    this.timeoutMs = timeoutMs;
    const lines = new LineSplitter();
    socket.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) this.#receive(line);
    });
    socket.on('error', (cause) => this.#close(new InfraError('QMP: connection failed', { cause })));
    socket.on('close', () => this.#close(new InfraError('QMP: QEMU closed the connection')));
  }

  /** Opens a session on a fresh connection; owns the connection from then on. */
  static async open(socket: Duplex, timeoutMs = QEMU_ANSWER_TIMEOUT_MS): Promise<Qmp> {
    const qmp = new Qmp(socket, timeoutMs);
    try {
      await qmp.#await(GREETING, 'greeting', timeoutMs);
      await qmp.execute('qmp_capabilities');
      return qmp;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** What `command` returns; rejects with `QmpError` if QEMU refuses it, `InfraError` if it never answers. */
  async execute(
    command: string,
    args: Readonly<Record<string, unknown>> = {},
    timeoutMs = this.timeoutMs,
  ): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const reply = this.#await(id, command, timeoutMs);
    if (!this.#closed) {
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    }
    return reply;
  }

  /** Calls `listener` with each event from now on, until disposed. */
  onEvent(listener: (event: QmpEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** The counters of the device that has the QOM id `id`, by name. */
  async counters(id: string): Promise<Record<string, number>> {
    const path = `/machine/peripheral/${id}`;
    return this.#typed(Counters, 'qom-get', { path, property: 'counters' });
  }

  /** What the SMMU recorded since QEMU started, by name: docs/smmuv3.md. */
  async smmuEvents(): Promise<Record<string, number>> {
    const path = '/machine/smmuv3';
    return this.#typed(Counters, 'qom-get', { path, property: 'event-counters' });
  }

  /** What the human monitor prints for `line`. */
  async humanMonitor(line: string): Promise<string> {
    return this.#typed(z.string(), 'human-monitor-command', { 'command-line': line });
  }

  async [Symbol.asyncDispose]() {
    this.#socket.destroy();
    this.#close(new InfraError('QMP: the session is over'));
  }

  async #typed<T>(schema: z.ZodType<T>, command: string, args: Record<string, unknown>) {
    const reply = schema.safeParse(await this.execute(command, args));
    if (reply.success) return reply.data;
    throw new InfraError(`QMP ${command}: unexpected reply: ${z.prettifyError(reply.error)}`);
  }

  #await(id: number, command: string, timeoutMs: number): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      reject(new InfraError(`QMP ${command}: no answer after ${timeoutMs} ms`));
    }, timeoutMs);
    this.#pending.set(id, { command, resolve, reject });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#pending.delete(id);
    });
  }

  #receive(line: string) {
    const message = Message.safeParse(parseJson(line));
    if (!message.success) {
      this.#close(new InfraError('QMP: not a QMP message', { output: line.slice(0, 1000) }));
      this.#socket.destroy();
    } else this.#dispatch(message.data);
  }

  #dispatch(message: z.infer<typeof Message>) {
    if ('return' in message) this.#pending.get(message.id)?.resolve(message.return);
    else if ('error' in message) this.#refuse(message);
    else if ('event' in message) this.#tell(message);
    else this.#pending.get(GREETING)?.resolve(message);
  }

  #tell(event: QmpEvent) {
    for (const listener of this.#listeners) listener(event);
  }

  #refuse({ error, id }: z.infer<typeof Failure>) {
    if (id === undefined) this.#close(new QmpError('connection', error));
    else {
      const pending = this.#pending.get(id);
      pending?.reject(new QmpError(pending.command, error));
    }
  }

  #close(reason: InfraError) {
    this.#closed ??= reason;
    for (const { command, reject } of this.#pending.values()) {
      reject(new InfraError(`QMP ${command}: ${reason.message}`, { cause: reason }));
    }
  }
}
