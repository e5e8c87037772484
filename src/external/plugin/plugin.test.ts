import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RecordedLog } from '../../../test/support/recorded-log.ts';
import { testFolder } from '../../../test/support/test-folder.ts';
import { TooManyLogins } from '../../auth/slots.ts';
import { AskedAuthorizer, AskedProvider } from '../asked.ts';
import { Plugin, type PluginOptions } from './plugin.ts';

async function load(source: string, options: Partial<PluginOptions> = {}, file = 'plugin.mjs') {
  const folder = await testFolder();
  const path = join(folder, file);
  writeFileSync(path, source);
  const log = new RecordedLog();
  const plugin = await Plugin.load({
    ...{ name: 'plugin_authn', path, function: 'authenticate', env: {}, timeoutMs: 10_000 },
    ...{ maxConcurrent: 2, maxWaiting: 20, log },
    ...options,
  });
  onTestFinished(() => plugin.close());
  return { plugin, log, folder, provider: new AskedProvider(plugin) };
}

const BY_ACCOUNT = `
export async function authenticate({ account, password }) {
  switch (account) {
    case 'alice': return password === 'right' ? { result: 'match', labels: { team: ['a'] } } : { result: 'wrong_password' };
    case 'throws': throw new Error('the database said no to ' + password);
    case 'loops': for (;;) {}
    case 'hangs': return new Promise(() => undefined);
    case 'exits': process.exit(0);
    case 'nonsense': return 'yes';
    case 'function': return { result: 'match', labels: () => {} };
    case 'prints': console.log('looking at %s', account); console.error('with', password); return { result: 'no_match' };
    case 'eats': { const all = []; for (;;) all.push(new Array(100000).fill(Math.random())); }
    case 'late': setTimeout(() => { throw new Error('later') }, 1); return { result: 'no_match' };
    case 'forgets': Promise.reject(new Error('forgotten')); return { result: 'no_match' };
    default: return { result: 'no_match' };
  }
}`;

const login = (provider: AskedProvider, account: string, password = 'right') =>
  provider.authenticate({ account, password });

describe('a plugin', () => {
  test('answers like any provider', async () => {
    const { provider } = await load(BY_ACCOUNT);
    expect(await login(provider, 'alice')).toEqual({
      account: 'alice',
      labels: { team: ['a'] },
      isAdmin: false,
    });
    expect(await login(provider, 'alice', 'wrong')).toBe('wrong-password');
    expect(await login(provider, 'bob')).toBe('no-match');
  });

  test.each([
    [
      'throws',
      /^plugin_authn: the plugin gave no answer: it threw \(a line is withheld: a password is in it\)$/,
    ],
    ['loops', /it did not answer within 2000 ms$/],
    ['hangs', /it did not answer within 2000 ms$/],
    ['exits', /its thread has ended$/],
    ['nonsense', /the answer cannot be understood: it is not an object$/],
    ['function', /the answer is no plain data$/],
    ['eats', /its thread failed \(ERR_WORKER_OUT_OF_MEMORY\)$|did not answer within/],
  ])('that %s fails that request only', { timeout: 60_000 }, async (account, message) => {
    const timeoutMs = account === 'loops' || account === 'hangs' ? 2_000 : 10_000;
    const { provider, log } = await load(BY_ACCOUNT, { timeoutMs });
    const failing = login(provider, account, 'hunter2').catch((error: Error) => error.message);
    // Others are answered meanwhile, and afterwards.
    expect(await login(provider, 'alice')).toMatchObject({ account: 'alice' });
    expect(await failing).toMatch(message);
    expect(await login(provider, 'alice')).toMatchObject({ account: 'alice' });
    expect(JSON.stringify(log.entries)).not.toContain('hunter2');
  });

  test('that loops does not stall the server', async () => {
    const { provider } = await load(BY_ACCOUNT, { timeoutMs: 600 });
    const failing = expect(login(provider, 'loops')).rejects.toThrow('did not answer');
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 10);
    await failing;
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  test('what it prints is in the log at debug, without the password', async () => {
    const { provider, log } = await load(BY_ACCOUNT);
    expect(await login(provider, 'prints', 'hunter2')).toBe('no-match');
    await expect
      .poll(() => log.at('debug').map(({ fields }) => fields['text']))
      .toEqual([...['looking at prints', '(a line is withheld: a password is in it)']]);
  });

  test.each(['late', 'forgets'])('that %s to handle a failure goes on', async (account) => {
    const { provider, log } = await load(BY_ACCOUNT, { maxConcurrent: 1 });
    expect(await login(provider, account)).toBe('no-match');
    await expect.poll(() => log.at('debug').length).toBe(1);
    expect(await login(provider, 'alice')).toMatchObject({ account: 'alice' });
  });

  test('that exports lookup says how an account stands', async () => {
    const { provider } = await load(
      `${BY_ACCOUNT}
      export function lookup({ account, ...more }) {
        if (Object.keys(more).length > 0) throw new Error('more was given');
        if (account === 'odd') return { result: 'wrong_password' };
        return account === 'alice' ? { result: 'match', labels: { team: ['b'] }, version: '7' } : { result: 'no_match' };
      }`,
    );
    const identity = { account: 'alice', labels: { team: ['b'] }, isAdmin: false };
    expect(await provider.lookup?.('alice')).toEqual({ identity, version: '7' });
    expect(await provider.lookup?.('bob')).toBe('gone');
    await expect(provider.lookup?.('odd')).rejects.toThrow(/"result" is not "match" or "no_match"$/);
    expect(await login(provider, 'alice')).toMatchObject({ labels: { team: ['a'] } });
  });

  test('that exports none is not asked', async () => {
    expect((await load(BY_ACCOUNT)).provider.lookup).toBeUndefined();
  });

  test('keeps its thread, and so what it remembers', async () => {
    const { plugin } = await load('let n = 0; export const authenticate = () => ({ n: ++n });');
    expect(await plugin.ask({})).toEqual({ n: 1 });
    expect(await plugin.ask({})).toEqual({ n: 2 });
  });

  test('has so many threads at most, and so many wait', async () => {
    const { plugin } = await load(
      `import { threadId } from 'node:worker_threads';
      export const authenticate = async () => { await new Promise((r) => setTimeout(r, 30)); return threadId; };`,
      { maxConcurrent: 3, maxWaiting: 10 },
    );
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        plugin.ask({}).catch((error: unknown) => error instanceof TooManyLogins),
      ),
    );
    const threads = outcomes.filter((one) => typeof one === 'number');
    expect(threads).toHaveLength(13);
    expect(new Set(threads).size).toBe(3);
    expect(outcomes.filter((one) => one === true)).toHaveLength(37);
  });

  test('is closed when Berth ends, and asked no more', async () => {
    const { plugin, log } = await load(
      `export const authenticate = () => 1;
      export async function close() { console.log('closing'); }`,
    );
    await plugin.close();
    await expect.poll(() => log.at('debug').map(({ fields }) => fields['text'])).toEqual(['closing']);
    await expect(plugin.ask({})).rejects.toThrow('Berth is ending');
  });

  test('may be CommonJS', async () => {
    const { plugin } = await load('exports.authenticate = (question) => question;', {}, 'plugin.cjs');
    expect(await plugin.ask({ a: 1 })).toEqual({ a: 1 });
  });

  test('sees the environment that it is given and nothing else', async () => {
    const { plugin } = await load('export const authenticate = () => ({ ...process.env });', {
      env: { LDAP_HOST: 'ldap' },
    });
    expect(await plugin.ask({})).toEqual({ LDAP_HOST: 'ldap' });
  });
});

describe('a plugin that cannot be used', () => {
  test.each([
    ['export const authorise = 1;', /^it exports no function "authenticate"$/],
    ['export const authenticate = {};', /^it exports no function "authenticate"$/],
    ['export function (', /^it cannot be loaded: SyntaxError/],
    [`throw new Error('no licence');`, /^it cannot be loaded: Error: no licence$/],
    [`import 'nowhere';`, /^it cannot be loaded: Error: Cannot find package/],
    ['for (;;) {}', /^it was not loaded within 500 ms$/],
    ['await new Promise(() => undefined);', /^it was not loaded within 500 ms$|its thread has ended/],
    ['process.exit(0);', /^its thread has ended$/],
  ])('%s', async (source, message) => {
    await expect(load(source, { timeoutMs: source.includes('500') ? 10_000 : 500 })).rejects.toThrow(message);
  });
});

test('plugin_authz: what was not asked for is not granted', async () => {
  const { plugin } = await load(
    `export function authorize({ account, name, actions, labels, ip, service, type }) {
      if (account === '') return { result: 'no_match' };
      return { result: 'match', actions: labels.team?.includes(name.split('/')[0]) ? ['pull', 'push', '*'] : [] };
    }`,
    { function: 'authorize', name: 'plugin_authz' },
  );
  const rules = new AskedAuthorizer(plugin, 'plugin_authz (a.yml:1:1)');
  const ask = (account: string, name: string) =>
    rules.authorize(
      { account, labels: { team: ['blue'] }, isAdmin: false },
      { type: 'repository', name, actions: ['pull'] },
      { service: 's', address: undefined },
    );
  const rule = 'plugin_authz (a.yml:1:1)';
  expect(await ask('alice', 'blue/app')).toEqual({ granted: ['pull'], rule });
  expect(await ask('alice', 'red/app')).toEqual({ granted: [], rule });
  expect(await ask('', 'blue/app')).toBe('no-match');
});
