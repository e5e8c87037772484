import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shellScript } from '../../test/support/script.ts';
import { testFolder } from '../../test/support/test-folder.ts';
import { outsideEnvironment } from './environment.ts';
import { findCommand } from './find-command.ts';
import { printable } from './printable.ts';

test("a program sees Berth's environment, save what is Berth's own", () => {
  const env = {
    ...{ PATH: '/bin', HOME: '/root', LDAP_HOST: 'ldap', MY_BERTH_NAME: 'x', LISTEN_ADDRESS: 'y' },
    ...{
      BERTH_ADMIN_PASSWORD: 'secret',
      REGISTRY_HTTP_SECRET: 'secret',
      LISTEN_FDS: '1',
      NOTIFY_SOCKET: '/s',
    },
  };
  expect(outsideEnvironment(env)).toEqual({
    ...{ PATH: '/bin', HOME: '/root', LDAP_HOST: 'ldap', MY_BERTH_NAME: 'x', LISTEN_ADDRESS: 'y' },
  });
});

describe('a command', () => {
  test('is looked up in PATH, where it may be run', async () => {
    const folder = await testFolder();
    for (const name of ['first', 'second', 'third']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'first', 'tool'), '');
    chmodSync(join(folder, 'first', 'tool'), 0o644);
    mkdirSync(join(folder, 'second', 'tool'));
    const tool = shellScript(join(folder, 'third'), 'tool', ['exit 0']);
    const path = ['first', 'second', 'third'].map((name) => join(folder, name)).join(':');
    expect(findCommand('tool', path)).toBe(tool);
    expect(findCommand(tool, '')).toBe(tool);
    expect(findCommand('tool', '')).toBeUndefined();
    expect(findCommand(join(folder, 'first', 'tool'), path)).toBeUndefined();
    expect(findCommand(join(folder, 'second', 'tool'), path)).toBeUndefined();
  });

  test('is never taken from the working directory by its name alone', () => {
    expect(findCommand('package.json', '.:')).toBeUndefined();
    expect(findCommand('berth', 'bin')).toBeUndefined();
    expect(findCommand('bin/berth', '')).toMatch(/\/bin\/berth$/);
  });
});

describe('what others write', () => {
  test.each([
    ['a\nb\n', ['x'], 'a\nb'],
    [
      'user alice\npassword s3cret\nend',
      ['s3cret'],
      'user alice\n(a line is withheld: a password is in it)\nend',
    ],
    ['a\nb', [''], 'a\nb'],
    ['one\ntwo\nthree', ['one\ntwo'], '(withheld: a password is in it)'],
  ])('%j with %j is shown as %j', (text, secrets, shown) => {
    expect(printable(text, secrets)).toBe(shown);
  });

  test('is cut, and a secret at the edge is not shown in half', () => {
    const text = `${'x'.repeat(4_090)}topsecret${'y'.repeat(5_000)}`;
    expect(printable(text, ['topsecret'])).toBe('(a line is withheld: a password is in it)');
    expect(printable(text, [])).toHaveLength(4_097);
  });
});
