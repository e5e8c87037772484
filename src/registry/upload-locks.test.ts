import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { refusal } from '../../test/support/replica.ts';
import { UploadLocks } from './upload-locks.ts';

/** Counts who works at the same time. */
class Gauge {
  now = 0;
  most = 0;

  async during(action: () => Promise<unknown>): Promise<void> {
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    await action();
    this.now -= 1;
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await tick();
}

describe('the locks of uploads', () => {
  it('let one request after the other work on an upload', async () => {
    const locks = new UploadLocks(new StoppedClock());
    const gauge = new Gauge();
    const order: number[] = [];
    const first = locks.hold('a', () =>
      gauge.during(async () => {
        order.push(1);
        await turns(5);
      }),
    );
    await turns(1);
    const second = locks.hold('a', () => gauge.during(async () => order.push(2)));
    await Promise.all([first, second]);
    expect(gauge.most).toBe(1);
    expect(order).toEqual([1, 2]);
  });

  it('let one of two requests in that come at the same instant', async () => {
    const locks = new UploadLocks(new StoppedClock());
    const gauge = new Gauge();
    await Promise.all([1, 2].map(() => locks.hold('a', () => gauge.during(() => turns(5)))));
    expect(gauge.most).toBe(1);
  });

  it('let one of several in that wait for the same request', async () => {
    const locks = new UploadLocks(new StoppedClock());
    const gauge = new Gauge();
    const holds = [locks.hold('a', () => gauge.during(() => turns(20)))];
    for (let count = 0; count < 4; count += 1) {
      await turns(1);
      holds.push(locks.hold('a', () => gauge.during(() => turns(5))));
    }
    await Promise.all(holds);
    expect(gauge.most).toBe(1);
  });

  it('do not keep requests on other uploads', async () => {
    const locks = new UploadLocks(new StoppedClock());
    const gauge = new Gauge();
    await Promise.all(['a', 'b', 'c'].map((id) => locks.hold(id, () => gauge.during(() => turns(5)))));
    expect(gauge.most).toBe(3);
  });

  it('are free again after a failure, and pass it on', async () => {
    const locks = new UploadLocks(new StoppedClock());
    await expect(locks.hold('a', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await locks.hold('a', async () => 42)).toBe(42);
  });

  it('ask a holder from which nothing came for 3 s to give way', async () => {
    const clock = new StoppedClock();
    const locks = new UploadLocks(clock);
    const { promise: gaveWay, resolve: giveWay } = Promise.withResolvers<void>();
    let asked = 0;
    const first = locks.hold('a', async (hold) => {
      hold.onYield(() => {
        asked += 1;
        giveWay();
      });
      await gaveWay;
    });
    await turns(1);
    clock.advance(2_900);
    const second = locks.hold('a', async () => 'mine');
    await turns(5);
    expect(asked).toBe(0);
    clock.advance(200);
    expect(await second).toBe('mine');
    expect(asked).toBeGreaterThan(0);
    await first;
  });

  it('refuse a request that waited 10 s for one which makes progress', async () => {
    const clock = new StoppedClock();
    const locks = new UploadLocks(clock);
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    let progress = (): void => undefined;
    let asked = 0;
    const first = locks.hold('a', async (hold) => {
      progress = () => hold.progress();
      hold.onYield(() => {
        asked += 1;
      });
      await done;
    });
    await turns(1);
    const second = locks.hold('a', async () => 'mine');
    await turns(1);
    for (let seconds = 0; seconds < 10; seconds += 1) {
      clock.advance(1_000);
      progress();
    }
    await expect(second).rejects.toMatchObject(refusal('BLOB_UPLOAD_INVALID', 409));
    expect(asked).toBe(0);
    finish();
    await first;
  });
});
