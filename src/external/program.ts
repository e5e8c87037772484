import { Slots } from '../auth/slots.ts';
import type { Logger } from '../ports.ts';
import { OutsideFault } from './fault.ts';
import { printable } from './printable.ts';
import { type RunningProgram, runProgram } from './run-program.ts';

/** A program and how it may be run. */
export interface ProgramOptions {
  /** The section that it was configured by; for messages. */
  readonly name: string;
  /** An absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
  readonly log: Logger;
}

/** What a program answered. */
export interface ProgramAnswer {
  readonly code: number;
  readonly stdout: string;
}

/**
 * A program that is run once for each question, as docker_auth does, but never more than so many at a time: a flood of
 * logins would otherwise use up the processes of the machine.
 */
export class Program {
  readonly name: string;
  readonly #options: ProgramOptions;
  readonly #slots: Slots;
  readonly #running = new Set<RunningProgram>();
  #isClosed = false;
  readonly #onExit = (): void => this.#killAll();

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#options = options;
    this.#slots = new Slots({ maxRunning: options.maxConcurrent, maxWaiting: options.maxWaiting });
  }

  /**
   * @param secret never comes into the log, should the program write it
   * @throws OutsideFault; TooManyLogins
   */
  ask(input: string, secret?: string): Promise<ProgramAnswer> {
    return this.#slots.run(() => this.#run(input, secret));
  }

  /** Ends what still runs. Whoever waits for an answer gets none. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#killAll();
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }

  async #run(input: string, secret: string | undefined): Promise<ProgramAnswer> {
    const { name, log, command } = this.#options;
    if (this.#isClosed) throw new OutsideFault(name, 'Berth is ending');
    const program = runProgram({ ...this.#options, input });
    // A second signal ends the process without anything being closed.
    if (this.#running.size === 0) process.on('exit', this.#onExit);
    this.#running.add(program);
    const end = await program.ended;
    this.#running.delete(program);
    if (this.#running.size === 0) process.off('exit', this.#onExit);
    if (end.stderr !== '') {
      log.debug('a program wrote to its standard error', {
        section: name,
        text: printable(end.stderr, secret === undefined ? [] : [secret]),
      });
    }
    if (end.kind === 'failed') throw new OutsideFault(name, `${command} gave no answer: ${end.reason}`);
    return end;
  }

  #killAll(): void {
    for (const program of this.#running) program.kill('Berth is ending');
  }
}
