import { expect, test, vi } from 'vitest';
import { StoppedClock } from '../../../../test/support/clock.ts';
import { FakeDirectory } from '../../../../test/support/fake-directory.ts';
import { RecordedLog } from '../../../../test/support/recorded-log.ts';
import { TooManyLogins } from '../../slots.ts';
import { DirectoryError, HostAway } from './connection.ts';
import { Directory } from './directory.ts';
import { DirectoryHost } from './host.ts';

const SEARCH = {
  base: '',
  filter: { kind: 'present', attribute: 'uid' },
  attributes: [],
  enough: 1,
} as const;

function directory(maxConnections = 3, idleMs = 60_000) {
  const [first, second] = [new FakeDirectory('one'), new FakeDirectory('two')];
  const clock = new StoppedClock();
  const log = new RecordedLog();
  const hosts = [first, second].map(
    ({ endpoint, connect }) => new DirectoryHost({ endpoint, connect, searcher: 'nobody', idleMs }),
  );
  const both = new Directory({ hosts, maxConnections, clock, log });
  const ask = () => both.use(({ connection }) => connection.search(SEARCH));
  return { first, second, clock, log, both, ask };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('the first is asked, the next where it is away, and the first again once it is back', async () => {
  const { first, second, clock, log, ask } = directory();
  await ask();
  expect([first.take(), second.take()]).toEqual([['connect', 'search '], []]);
  first.away = 'connection refused';
  await ask();
  // The connection that there was may have been ended alone: a new one is tried.
  expect(first.take()).toEqual(['search ', 'close', 'connect']);
  expect(second.take()).toEqual(['connect', 'search ']);
  await ask();
  expect([first.take(), second.take()], 'nobody waits for it again').toEqual([[], ['search ']]);
  clock.advance(10_000);
  await ask();
  await settled();
  expect([first.take(), second.take()], 'a look beside the login').toEqual([['connect'], ['search ']]);
  first.away = undefined;
  await ask();
  await settled();
  expect(first.take(), 'not before it has rested').toEqual([]);
  clock.advance(10_000);
  await ask();
  await settled();
  expect(first.take()).toEqual(['connect']);
  second.take();
  await ask();
  expect([first.take(), second.take()]).toEqual([['search '], []]);
  expect(log.entries.map(({ message, fields }) => [message, fields['host'], fields['reason']])).toEqual([
    ['a directory is out of reach', 'ldap://one:389', 'connection refused'],
    ['a directory is back', 'ldap://one:389', undefined],
  ]);
});

test('where all are away, each login tries them all, and hears why of each', async () => {
  const { first, second, clock, ask } = directory();
  first.away = 'refused';
  second.away = 'no route';
  for (let time = 0; time < 2; time += 1) {
    await expect(ask()).rejects.toThrow(
      'ldap_auth: no directory is in reach: ldap://one:389: refused; ldap://two:389: no route',
    );
    expect([first.take(), second.take()]).toEqual([['connect'], ['connect']]);
    clock.advance(1);
  }
  second.away = undefined;
  await ask();
  expect(second.take()).toEqual(['connect', 'search ']);
});

test('whoever waited while all went away does not wait as long again', async () => {
  const { first, second, clock, ask } = directory(1);
  for (const fake of [first, second]) {
    fake.pace = async () => clock.advance(1_000);
    fake.find = () => {
      throw new HostAway('no answer', { isSilent: true });
    };
  }
  const waiting = [ask(), ask(), ask()];
  for (const each of await Promise.allSettled(waiting)) expect(each.status).toBe('rejected');
  expect([first.take(), second.take()]).toEqual([
    ['connect', 'search ', 'close'],
    ['connect', 'search ', 'close'],
  ]);
});

test('a directory that is silent is not asked a second time on a new connection', async () => {
  const { first, second, ask } = directory();
  await ask();
  first.take();
  first.nextFault = new HostAway('no answer', { isSilent: true });
  await ask();
  expect([first.take(), second.take()]).toEqual([
    ['search ', 'close'],
    ['connect', 'search '],
  ]);
});

test('connections that a directory ended are not used, and a new one is opened', async () => {
  const { first, second, ask } = directory();
  await ask();
  first.take();
  first.drop();
  await ask();
  expect([first.take(), second.take()]).toEqual([['connect', 'search '], []]);
});

test('what a directory refuses, the next one is not asked', async () => {
  const { first, second, ask } = directory();
  first.nextFault = new DirectoryError('noSuchObject');
  await expect(ask()).rejects.toThrow('noSuchObject');
  await ask();
  expect([first.take(), second.take()], 'and the connection stays').toEqual([
    ['connect', 'search ', 'search '],
    [],
  ]);
});

test('a connection after an error of the program is not used again', async () => {
  const { first, both, ask } = directory();
  await expect(
    both.use(async () => {
      throw new TypeError('a mistake');
    }),
  ).rejects.toThrow('a mistake');
  await ask();
  expect(first.take()).toEqual(['connect', 'close', 'connect', 'search ']);
});

test('connections are as many as there may be; who comes when a hundred wait is sent away', async () => {
  const { first, ask } = directory(3);
  first.pace = settled as () => Promise<void>;
  const answers = await Promise.allSettled(Array.from({ length: 110 }, ask));
  expect(first.mostOpen).toBe(3);
  expect(first.asked.filter((each) => each === 'connect')).toHaveLength(3);
  const refused = answers.filter((each) => each.status === 'rejected');
  expect(refused.map(({ reason }) => reason instanceof TooManyLogins)).toEqual(Array(7).fill(true));
});

test('connections end when nobody needs them, and with the directory', async () => {
  vi.useFakeTimers();
  try {
    const { first, both, ask } = directory(3, 1_000);
    await ask();
    vi.advanceTimersByTime(999);
    expect(first.open).toBe(1);
    vi.advanceTimersByTime(1);
    expect(first.open).toBe(0);
    await Promise.all([ask(), ask()]);
    expect(first.open).toBe(2);
    let end: () => void = () => undefined;
    const busy = both.use(() => new Promise<void>((resolve) => (end = resolve)));
    await Promise.resolve();
    both.close();
    end();
    await busy;
    expect(first.open).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
