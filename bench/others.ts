import { readFileSync } from 'node:fs';
import { cpuSeconds, TICKS } from './proc.ts';

/**
 * Measures how much of the machine others use: everything but the given process and its descendants, the
 * kernel's threads and what a hypervisor withholds included.
 */
export class OthersMeter {
  readonly #root: number;
  readonly #before: { busy: number; all: number; own: number };

  /** Begins to measure. */
  constructor(root: number) {
    this.#root = root;
    this.#before = this.#now();
  }

  /** The others' share of all CPU time since then, 0…1. */
  share(): number {
    const before = this.#before;
    const { busy, all, own } = this.#now();
    return Math.max(0, (busy - before.busy - (own - before.own)) / (all - before.all || 1));
  }

  #now() {
    const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? '';
    // user nice system idle iowait irq softirq steal; guest time is contained in user.
    const ticks = line.split(/\s+/).slice(1, 9).map(Number);
    const all = ticks.reduce((sum, value) => sum + value, 0) / TICKS;
    const idle = ((ticks[3] ?? 0) + (ticks[4] ?? 0)) / TICKS;
    return { busy: all - idle, all, own: cpuSeconds(this.#root) };
  }
}
