import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BerthProcess, Workplace } from '../support/berth-process.ts';

/* bin/berth as a process: what it prints, and what it says of mistakes. */

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('bin/berth', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.clear());

  const file = (name: string, text: string): string => {
    writeFileSync(join(place.folder, name), text);
    return name;
  };

  it('--version, --help, an unknown command and an unknown option', { timeout: 20_000 }, async () => {
    const [asked, help, none, unknown, option] = await Promise.all([
      place.run(['--version']),
      place.run(['--help']),
      place.run([]),
      place.run(['frobnicate']),
      place.run(['serve', '--frobnicate']),
    ]);
    expect(asked).toMatchObject({ code: 0, stdout: `berth ${version}\n`, stderr: '' });
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['serve', 'check-config', 'auth', 'user', 'Usage: berth'])
      expect(help.stdout).toContain(word);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain('Usage: berth');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('frobnicate');
    expect(option.code).toBe(1);
    expect(option.stderr).toContain('--frobnicate');
  });

  it.each<[string, string[], Record<string, string>, string, RegExp]>([
    [
      'an unknown key: its place and a suggestion',
      ['serve', 'unknown.yml'],
      {},
      'version: 0.1\nstorage: {filesystem: {rootdirectory: d}}\nhttp:\n  addr: :0\n  prefx: /x\n',
      /unknown\.yml:5:3: .*prefx.*prefix/s,
    ],
    [
      'a certificate that is not there',
      ['serve', 'certificate.yml'],
      {},
      'version: 0.1\nstorage: {filesystem: {rootdirectory: d}}\nhttp:\n  addr: 127.0.0.1:0\n  tls: {certificate: no.pem, key: no.key}\n',
      /certificate\.yml:5:\d+: .*no\.pem.*does not exist/s,
    ],
    [
      'a bundle that is not there, named by the environment',
      ['serve'],
      {
        REGISTRY_AUTH: 'token',
        REGISTRY_AUTH_TOKEN_REALM: 'https://localhost:5001/auth',
        REGISTRY_AUTH_TOKEN_SERVICE: 'Docker registry',
        REGISTRY_AUTH_TOKEN_ISSUER: 'Acme auth server',
        REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: '/ssl/none.pem',
      },
      '',
      /REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE.*\/ssl\/none\.pem/s,
    ],
    ['a file that is not there', ['serve', 'nowhere.yml'], {}, '', /nowhere\.yml/],
    ['a file that is no YAML', ['serve', 'tab.yml'], {}, 'version: 0.1\n\tstorage: x\n', /tab\.yml:2:/],
    [
      'two passwords for the administrator',
      ['serve'],
      { BERTH_ADMIN_PASSWORD: 'one', BERTH_ADMIN_PASSWORD_FILE: 'file' },
      '',
      /BERTH_ADMIN_PASSWORD and BERTH_ADMIN_PASSWORD_FILE are both set/,
    ],
    [
      'a password file that is not there',
      ['serve'],
      { BERTH_ADMIN_PASSWORD_FILE: '/no/such/file' },
      '',
      /BERTH_ADMIN_PASSWORD_FILE \/no\/such\/file: it does not exist/,
    ],
    [
      'a file in the place of the data folder',
      ['serve'],
      { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: './package.yml' },
      '',
      /cannot use the data folder .*REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY/s,
    ],
    [
      'a data folder below a file',
      ['serve'],
      { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: './package.yml/deep' },
      '',
      /cannot use the data folder .*a part of the path is a file/s,
    ],
    ['a user that cannot be one', ['user', 'add', '../x'], {}, '', /cannot be an account/],
    ['a user without a name', ['user', 'add'], {}, '', /missing required argument/],
    ['no file for auth', ['auth'], {}, '', /missing required argument/],
  ])('%s: a message, exit 1, and no stack', { timeout: 15_000 }, async (_, args, env, yaml, pattern) => {
    file('package.yml', 'not a folder');
    const [, name] = args;
    if (yaml !== '' && name !== undefined) file(name, yaml);
    const ended = await place.run(args, { env: { REGISTRY_HTTP_ADDR: '127.0.0.1:0', ...env } });
    expect(ended.stderr).toMatch(pattern);
    expect(ended.code).toBe(1);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.stdout).not.toContain('ready');
  });

  it('a port that is taken: says so and how to choose another, and shows no password', {
    timeout: 20_000,
  }, async () => {
    const own = new Workplace();
    const first = await own.serve();
    const second = await place.run(['serve'], {
      env: {
        REGISTRY_HTTP_ADDR: `127.0.0.1:${first.port}`,
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: './taken',
      },
    });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      /cannot listen on 127\.0\.0\.1:\d+: another program listens there.*REGISTRY_HTTP_ADDR/s,
    );
    expect(second.stderr).not.toMatch(/\n\s+at /);
    expect(second.stdout).toBe('');
    // The password is still to be shown.
    const third = await place.serve({ REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: './taken' });
    expect(third.process.stdout).toContain('--password');
    await own.clear();
  });

  it('leaves nothing in the working directory but ./data', async () => {
    const own = new Workplace();
    const { process } = await own.serve();
    expect(process).toBeInstanceOf(BerthProcess);
    expect(readdirSync(own.folder)).toEqual(['data']);
    await own.clear();
  });
});
