import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { checkRegistryTree } from './check.ts';
import { ConfigError } from './config-error.ts';
import { loadRegistryConfig, parseRegistryConfig, parseRegistryTree } from './distribution.ts';
import { loadAuthConfig, parseAuthConfig } from './docker-auth.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const MINIMAL = 'version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\n';

describe('loadRegistryConfig', () => {
  it('reads the file that REGISTRY_CONFIGURATION_PATH names, unless one is given', () => {
    const one = write('one.yml', MINIMAL);
    const two = write('two.yml', MINIMAL.replace('5000', '5001'));
    const env = { REGISTRY_CONFIGURATION_PATH: one };
    expect(loadRegistryConfig({ env }).config.http.addr).toBe(':5000');
    expect(loadRegistryConfig({ file: two, env }).config.http.addr).toBe(':5001');
    expect(loadRegistryConfig({ env }).notices).toEqual([]);
  });

  it('has a built-in configuration whose place and address the caller may choose', () => {
    const defaults = { rootDirectory: '/srv', addr: '127.0.0.1:0' };
    const { config } = loadRegistryConfig({ env: { REGISTRY_CONFIGURATION_PATH: '' }, defaults });
    expect(config.storage.rootDirectory).toBe('/srv');
    expect(config.http.listen).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    expect(config.auth.kind).toBe('builtin');
  });

  it.each([
    ['no such file', join(folder, 'none.yml'), 'cannot be read: there is no such file'],
    ['a folder', folder, 'cannot be read: it is a folder'],
    ['not text', write('binary.yml', Uint8Array.of(0xff, 0xfe, 0x00)), 'is not UTF-8 text'],
  ])('%s', (_, file, message) => {
    expect(() => loadRegistryConfig({ file, env: {} })).toThrow(new RegExp(`^${file}: ${message}$`));
    expect(() => loadAuthConfig(file)).toThrow(ConfigError);
  });

  it('lets later stages point at the file or the variable', () => {
    const { document } = parseRegistryConfig(
      `${MINIMAL}auth:\n  token: {realm: r, service: s, issuer: i, rootcertbundle: /none.pem}\n`,
      'config.yml',
      { REGISTRY_AUTH_TOKEN_REALM: 'x' },
    );
    const at = (key: string): string => document.errorAt(['auth', 'token', key], 'no').message;
    expect(at('rootcertbundle')).toBe('config.yml:5:60: no');
    expect(at('realm')).toBe('REGISTRY_AUTH_TOKEN_REALM: no');
  });

  it('never prints a secret', () => {
    const { config, notices } = parseRegistryConfig(`${MINIMAL}log: {level: info}\n`, 'f', {
      REGISTRY_HTTP_SECRET: 'hunter2',
      REGISTRY_AUTH_BUILTIN_USERS: `{a: {password: "$2y$12$${'x'.repeat(53)}"}}`,
    });
    expect(JSON.stringify({ config, notices })).not.toMatch(/hunter2|xxx/);
  });
});

describe('both dialects', () => {
  const word = fc.constantFrom(
    ...'version log level storage filesystem rootdirectory http addr headers tls key auth token realm builtin'.split(
      ' ',
    ),
    ...'users acl match actions account password labels server issuer expiration <<'.split(' '),
  );
  const leaf = fc.oneof(
    fc.string(),
    fc.constantFrom('0.1', 'yes', '~', '5', '24h', ':5000', '"q"', '*', '&a x', '*a'),
  );
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
      fc
        .array(fc.tuple(word, tie('tree')), { maxLength: 6 })
        .map((pairs) => `{${pairs.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
    ),
  }));

  it('give a configuration or a ConfigError, whatever the text', () => {
    const settle = (run: () => unknown): void => {
      try {
        run();
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    };
    fc.assert(
      fc.property(fc.oneof(tree, fc.string()), (text) => {
        settle(() => parseRegistryConfig(text, 'f', {}));
        settle(() => parseRegistryConfig(MINIMAL, 'f', { REGISTRY_AUTH: text, REGISTRY_HTTP_TLS: text }));
        settle(() => parseAuthConfig(text, 'f'));
        settle(() => checkRegistryTree(parseRegistryTree(text, 'f', { REGISTRY_STORAGE: text }), {}));
      }),
      { numRuns: 2_000 },
    );
  });
});
