import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { recordedMetrics } from '../../test/support/recorded-metrics.ts';
import type { StoredRule } from './acl/stored-rules.ts';
import { type RuleSource, StoredRules } from './stored-rules-authorizer.ts';

const WHO = { account: 'alice', labels: {}, isAdmin: false };
const WANTED = { type: 'repository', name: 'a', actions: ['pull', 'push'] };
const CONTEXT = { service: 's', address: undefined };
const EVERY_MS = 60_000;

const granting = (...actions: string[]): StoredRule[] => [{ seq: 4, rule: { match: {}, actions } }];

function staged() {
  const source = {
    load: vi.fn<RuleSource['load']>(),
    close: vi.fn<RuleSource['close']>(async () => undefined),
  };
  const log = new RecordedLog();
  const metrics = recordedMetrics();
  const clock = new StoppedClock();
  const rules = new StoredRules({ name: 'acl_xorm', source, everyMs: EVERY_MS, clock, log, metrics });
  const ask = async () => rules.authorize(WHO, WANTED, CONTEXT);
  const reloads = (outcome: string) =>
    metrics.valueOf('berth_rule_reloads_total', { source: 'acl_xorm', outcome });
  return { source, log, rules, ask, clock, reloads };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('rules of a database, as they change', () => {
  it('are read at the start, and again every so often', async () => {
    const { source, rules, ask, reloads } = staged();
    source.load
      .mockResolvedValueOnce(granting('pull'))
      .mockResolvedValueOnce(granting('pull'))
      .mockResolvedValue(granting('push'));
    void rules.start();
    expect(await ask()).toEqual({ granted: ['pull'], rule: 'acl_xorm, the rule with seq 4' });
    await vi.advanceTimersByTimeAsync(EVERY_MS - 1);
    expect(source.load).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(reloads('unchanged')).toBe(1);
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(await ask()).toMatchObject({ granted: ['push'] });
    expect(reloads('loaded')).toBe(2);
    await rules.close();
    await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
    expect(source.load).toHaveBeenCalledTimes(3);
    expect(source.close).toHaveBeenCalledOnce();
  });

  it('stay as they are after a failure or with one that cannot be used, and the log tells why', async () => {
    const { source, rules, ask, log, clock, reloads } = staged();
    source.load.mockResolvedValueOnce(granting('pull'));
    await rules.reload();
    source.load.mockRejectedValue(new Error('mysql at h:1 cannot be reached: ECONNREFUSED'));
    await rules.reload();
    await rules.reload();
    source.load.mockResolvedValue([
      ...granting('*'),
      { seq: 9, rule: { match: { team: 'x' }, actions: [] } },
    ]);
    await rules.reload();
    expect(await ask()).toMatchObject({ granted: ['pull'] });
    const lines = () => log.at('error').map(({ message, fields }) => `${message}: ${fields['reason']}`);
    expect(lines()).toEqual([
      'rules cannot be read anew; those that were read before stay: mysql at h:1 cannot be reached: ECONNREFUSED',
      expect.stringMatching(/those that were read before stay: the rule with seq 9, match\.team: /),
    ]);
    clock.advance(60_000);
    await rules.reload();
    expect(lines()).toHaveLength(3);
    expect([reloads('failed'), reloads('refused')]).toEqual([2, 2]);
    source.load.mockResolvedValue(granting('pull'));
    await rules.reload();
    expect(log.at('info').at(-1)?.message).toBe('rules can be read again');
  });

  it('decide nothing while there are none, and each request tries again, but not all at once', async () => {
    const { source, ask, log } = staged();
    source.load.mockRejectedValue(new Error('away'));
    const asked = await Promise.allSettled(Array.from({ length: 50 }, ask));
    expect(asked.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(ask()).rejects.toThrow('acl_xorm: there are no rules to decide by: away');
    expect(source.load).toHaveBeenCalledTimes(1);
    expect(log.at('error')).toHaveLength(1);
    source.load.mockResolvedValue(granting('pull'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ask()).toMatchObject({ granted: ['pull'] });
  });

  it('of a former configuration stay in use until the database answers', async () => {
    const [former, next] = [staged(), staged()];
    former.source.load.mockResolvedValue(granting('pull'));
    await former.rules.start();
    next.source.load.mockRejectedValueOnce(new Error('away')).mockResolvedValue(granting('push'));
    await next.rules.start([former.rules]);
    await former.rules.close();
    expect(await next.ask()).toMatchObject({ granted: ['pull'] });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(await next.ask()).toMatchObject({ granted: ['push'] });
    await next.rules.close();
  });

  it('that are none at all leave the decision to whoever comes next', async () => {
    const { source, ask } = staged();
    source.load.mockResolvedValue([]);
    expect(await ask()).toBe('no-match');
  });
});
