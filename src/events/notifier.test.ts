import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { audienceOf, ORIGIN } from '../../test/support/event-values.ts';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import type { EventIndex, Occurrence } from '../index/events.ts';
import { digestOf } from '../oci/digest.ts';
import { parseRepositoryName } from '../oci/reference.ts';
import type { Pull } from '../ports.ts';
import { Notifier } from './notifier.ts';

/** A notifier over an index that keeps what it is given, or fails. */
function setUp() {
  const recorded: string[] = [];
  const state = { isBroken: false };
  const log = new RecordedLog();
  const record = async (occurrences: readonly Occurrence[]) => {
    if (state.isBroken) throw new Error('the disk is full');
    recorded.push(...occurrences.map(({ target }) => target.tag ?? ''));
    return { hook: occurrences.length };
  };
  const onRecorded = vi.fn();
  const notifier = new Notifier({
    index: { record } as unknown as EventIndex,
    audience: audienceOf('hook'),
    clock: new StoppedClock(),
    log,
    onRecorded,
  });
  return { notifier, recorded, state, log, onRecorded };
}

function pull(tag: string): Pull {
  const repository = parseRepositoryName('a');
  const digest = digestOf(Buffer.from(tag));
  return { kind: 'manifest', repository, digest, mediaType: 'a/b', sizeBytes: 1, tag };
}

describe('pulls', () => {
  it('are recorded together, a quarter of a second after the first', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { notifier, recorded, onRecorded } = setUp();
    for (const tag of ['a', 'b']) notifier.pulled(ORIGIN, pull(tag));
    vi.advanceTimersByTime(249);
    await turn();
    expect(recorded).toEqual([]);
    vi.advanceTimersByTime(1);
    await turn();
    expect(recorded).toEqual(['a', 'b']);
    expect(onRecorded.mock.calls).toEqual([[{ hook: 2 }]]);
  });

  it('are recorded at once when there are many', async () => {
    const { notifier, recorded } = setUp();
    for (let n = 0; n < 256; n += 1) notifier.pulled(ORIGIN, pull(`v${n}`));
    await turn();
    expect(recorded).toHaveLength(256);
  });

  it('go along with the next change, and come back where that fails', async () => {
    const { notifier, recorded } = setUp();
    notifier.pulled(ORIGIN, pull('a'));
    expect(notifier.recorder.note(), 'a change of nobody’s').toBeUndefined();
    await notifier.attribute(ORIGIN, async () => {
      await turn();
      const note = notifier.recorder.note();
      expect(note).toMatchObject({ origin: ORIGIN, before: [{ target: { tag: 'a' } }] });
      notifier.pulled(ORIGIN, pull('b'));
      if (note !== undefined) notifier.recorder.failed(note);
    });
    await notifier.flush();
    expect(recorded).toEqual(['a', 'b']);
  });

  it('wait while the index is out of order, in bounded memory, and the log counts what was lost', async () => {
    const { notifier, recorded, state, log } = setUp();
    state.isBroken = true;
    for (let n = 0; n < 10_005; n += 1) notifier.pulled(ORIGIN, pull(`v${n}`));
    await notifier.flush();
    expect(log.at('error').map(({ message }) => message)).toContain('notifications of pulls were lost');
    state.isBroken = false;
    await notifier.flush();
    expect(recorded).toHaveLength(10_000);
    expect(recorded.slice(0, 3)).toEqual(['v0', 'v1', 'v2']);
  });
});
