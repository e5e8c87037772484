import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { berthServe, failingStart, serveEnvironment } from './support/berth.ts';
import { tokenEnvironment } from './support/registry.ts';
import { folder } from './support/root.ts';
import { freePort } from './support/server.ts';
import { simpleYml } from './support/simple-yml.ts';

/* A start that can not succeed ends with exit code 1 and says why. */

/** Writes simple.yml with one text replaced. Returns its path and the number of the changed line. */
async function spoiled(search: string, replacement: string): Promise<{ path: string; line: number }> {
  const good = readFileSync(simpleYml(await freePort(), inject('bed').rsa), 'utf8');
  const path = join(folder('spoiled'), 'auth.yml');
  writeFileSync(path, good.replace(search, replacement));
  return { path, line: good.slice(0, good.indexOf(search)).split('\n').length };
}

function expectPlace(output: string, path: string, line: number): void {
  const name = path.split('/').at(-1);
  expect(output).toMatch(new RegExp(`${name}(:|[^\\n]*\\bline )${line}\\b`));
}

describe('berth auth does not start', () => {
  test('with an unknown key: file, line and a suggestion', async () => {
    const { path, line } = await spoiled('  expiration:', '  expiraton:');
    const { code, output } = await failingStart(['auth', path]);
    expect(code, output).toBe(1);
    expectPlace(output, path, line);
    expect(output).toContain('expiraton');
    expect(output).toContain('expiration');
  });

  test('with an unknown key in a match, which would open it to everyone', async () => {
    const { path, line } = await spoiled('{account: "test"}', '{acount: "test"}');
    const { code, output } = await failingStart(['auth', path]);
    expect(code, output).toBe(1);
    expectPlace(output, path, line);
    expect(output).toContain('acount');
  });

  test('with a certificate that is not there', async () => {
    const { path, line } = await spoiled('certificate: "', 'certificate: "/nowhere');
    const { code, output } = await failingStart(['auth', path]);
    expect(code, output).toBe(1);
    expectPlace(output, path, line);
    expect(output).toContain('/nowhere');
  });

  test('with a file that is not there', async () => {
    const { code, output } = await failingStart(['auth', '/nowhere/auth.yml']);
    expect(code, output).toBe(1);
    expect(output).toContain('/nowhere/auth.yml');
  });
});

describe('berth serve does not start', () => {
  test('with an unknown key: file, line and a suggestion', async () => {
    const path = join(folder('spoiled'), 'config.yml');
    const data = join(folder('data'), 'x');
    const lines = ['version: 0.1', 'storage:', '  filesystem:', `    rootdirectry: ${data}`];
    writeFileSync(path, `${lines.join('\n')}\nhttp:\n  addr: 127.0.0.1:${await freePort()}\n`);
    const { code, output } = await failingStart(['serve', path]);
    expect(code, output).toBe(1);
    expectPlace(output, path, 4);
    expect(output).toContain('rootdirectory');
  });

  test('with a root certificate bundle that is not there', async () => {
    const env = serveEnvironment(
      await freePort(),
      folder('data'),
      tokenEnvironment('https://a/auth', '/nowhere.pem'),
    );
    const { code, output } = await failingStart(['serve'], env);
    expect(code, output).toBe(1);
    expect(output).toContain('/nowhere.pem');
  });

  test('on a port that is taken, and the one who has it lives on', async () => {
    const first = await berthServe();
    try {
      const { code, output } = await failingStart(
        ['serve'],
        serveEnvironment(first.port, folder('data'), {}),
      );
      expect(code, output).toBe(1);
      expect(output).toContain(`:${first.port}`);
      expect(output).toMatch(/in use|taken|already/i);
      expect(first.server.running()).toBe(true);
    } finally {
      await first.stop();
    }
  });

  test('with a data folder that can not be written', async () => {
    const file = join(folder('file'), 'file');
    writeFileSync(file, '');
    const data = join(file, 'data');
    const { code, output } = await failingStart(['serve'], serveEnvironment(await freePort(), data, {}));
    expect(code, output).toBe(1);
    expect(output).toContain(data);
  });
});
