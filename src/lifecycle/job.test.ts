import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { type Job, Jobs } from './job.ts';

/** An action whose runs end when the test says so. */
class Action {
  runs = 0;
  running = 0;
  most = 0;
  #ends: (() => void)[] = [];

  readonly run = async (): Promise<void> => {
    this.runs += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise<void>((resolve) => this.#ends.push(resolve));
    this.running -= 1;
  };

  async end(): Promise<void> {
    this.#ends.shift()?.();
    await settle();
  }
}

/** Lets everything that is ready go on. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

let log: RecordedLog;
let action: Action;
let jobs: Jobs;

/** One job, whose first run is over. */
async function started(name: string, run: () => Promise<void>): Promise<Job> {
  let isFirst = true;
  const job = jobs.add(name, 1_000, () => {
    if (!isFirst) return run();
    isFirst = false;
    return Promise.resolve();
  });
  jobs.start();
  await settle();
  return job;
}

beforeEach(() => {
  vi.useFakeTimers();
  log = new RecordedLog();
  action = new Action();
  jobs = new Jobs(log);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a job', () => {
  it('runs when it is started, and not before', async () => {
    const job = jobs.add('test', 1_000, action.run);
    job.nudge();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(action.runs).toBe(0);
    jobs.start();
    await settle();
    expect(action.runs).toBe(1);
    await action.end();
    await jobs.stop();
  });

  it('runs at its intervals', async () => {
    await started('test', action.run);
    await vi.advanceTimersByTimeAsync(999);
    expect(action.runs).toBe(0);
    for (let run = 1; run <= 3; run += 1) {
      await vi.advanceTimersByTimeAsync(run === 1 ? 1 : 1_000);
      expect(action.runs).toBe(run);
      await action.end();
    }
    await jobs.stop();
  });

  it('never runs twice at a time; what was asked for meanwhile is done once, afterwards', async () => {
    const job = await started('test', action.run);
    job.nudge();
    await settle();
    expect(action.runs).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    for (let count = 0; count < 10; count += 1) job.nudge();
    expect(action.runs).toBe(1);
    await action.end();
    expect(action.runs).toBe(2);
    await action.end();
    expect(action.runs).toBe(2);
    expect(action.most).toBe(1);
    job.nudge();
    await settle();
    expect(action.runs).toBe(3);
    await action.end();
    await jobs.stop();
  });

  it('may be asked for by its own action', async () => {
    let runs = 0;
    let running = 0;
    let most = 0;
    const job = await started('test', async () => {
      runs += 1;
      running += 1;
      most = Math.max(most, running);
      // A run that makes work for the next, before it waits for anything.
      if (runs < 3) job.nudge();
      await Promise.resolve();
      running -= 1;
    });
    job.nudge();
    await settle();
    expect({ runs, most }).toEqual({ runs: 3, most: 1 });
    await jobs.stop();
  });

  it('that fails is logged, and runs again', async () => {
    const error = new Error('no luck');
    let runs = 0;
    const job = await started('sweep', async () => {
      runs += 1;
      if (runs < 3) throw error;
    });
    job.nudge();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(log.at('error')).toMatchObject([
      { fields: { job: 'sweep', error } },
      { fields: { job: 'sweep', error } },
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toBe(3);
    expect(log.entries).toHaveLength(2);
    await jobs.stop();
  });

  it('stops when the run under way is over, and never runs again', async () => {
    const job = await started('test', action.run);
    job.nudge();
    job.nudge();
    await settle();
    let isStopped = false;
    const stopped = jobs.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(isStopped).toBe(false);
    await action.end();
    await stopped;
    job.nudge();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(action.runs).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await jobs.stop();
  });

  it('stops at once where nothing is under way', async () => {
    await started('test', action.run);
    await jobs.stop();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(action.runs).toBe(0);
  });
});
