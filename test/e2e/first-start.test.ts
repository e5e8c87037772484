import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ADMIN } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { DOCKER } from './support/engine.ts';
import { importableTar } from './support/images.ts';
import { folder } from './support/root.ts';
import { must, type Outcome, run } from './support/run.ts';
import { session } from './support/session.ts';
import { steps } from './support/steps.ts';

describe('the first start of berth serve', () => {
  let berth: BerthServe;
  let printed: string;
  let password: string;
  let env: Record<string, string>;
  steps(() => `first start printed\n${printed}\n--- now\n${berth.output()}`);
  beforeAll(async () => {
    berth = await berthServe();
    printed = berth.output();
    env = { DOCKER_HOST: inject('bed').dockerHost, DOCKER_CONFIG: folder('docker-config') };
  });
  afterAll(() => berth?.stop());

  /** The command line that begins with these words, as printed. */
  const line = (words: string) => {
    const found = new RegExp(`^[^\\S\\n]*(?:\\$ )?(${words} .*?)\\s*$`, 'm').exec(printed)?.[1];
    if (found === undefined) throw new Error(`no line "${words} …" was printed`);
    return found;
  };
  /** Types a line into a shell on a terminal, and the password after it for a prompt that asks for it. */
  const type = (command: string): Promise<Outcome> =>
    run('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env,
      input: `${password}\n`,
    });

  test('prints a password and lines to try', () => {
    password = /password\b[^\n]*?[:=]?\s+['"`]?([^\s'"`]{12,})/i.exec(printed)?.[1] ?? '';
    expect(password, printed).not.toBe('');
    for (const words of ['docker login', 'docker tag', 'docker push']) {
      expect(line(words)).toContain(`:${berth.port}`);
    }
  });

  test('the printed docker login works as printed', async () => {
    const outcome = await type(line('docker login'));
    expect(outcome.all).toContain('Login Succeeded');
    expect(outcome.code).toBe(0);
  });

  test('the printed docker tag and docker push work as printed', async () => {
    const [, , source = '', target = ''] = line('docker tag').split(' ');
    await must(DOCKER, ['import', importableTar(), source], { env });
    const tag = await type(line('docker tag'));
    expect(tag.code, tag.all).toBe(0);
    const push = await type(line('docker push'));
    expect(push.code, push.all).toBe(0);
    expect(push.all).toMatch(/digest: sha256:/);
    await must(DOCKER, ['image', 'rm', '--force', source, target], { env });
    const pull = await run(DOCKER, ['pull', target], { env });
    expect(pull.code, pull.all).toBe(0);
    await must(DOCKER, ['image', 'rm', '--force', target], { env });
  });

  test('a later start does not print it again and says how to reset it', async () => {
    await berth.stop();
    await berth.start();
    expect(berth.output()).not.toContain(password);
    expect(berth.output()).toContain('berth user passwd admin');
    await session(berth.url, { credentials: { account: 'admin', password } }).token('');
  });

  test('berth user passwd admin sets another one', async () => {
    const outcome = await berth.command(
      ['user', 'passwd', 'admin', '--password-stdin'],
      'another long one\n',
    );
    expect(outcome.code, outcome.all).toBe(0);
    await session(berth.url, { credentials: { account: 'admin', password: 'another long one' } }).token('');
    const old = session(berth.url, { credentials: { account: 'admin', password } }).token('');
    await expect(old).rejects.toThrow('401');
  });
});

test('admin can log in as soon as berth serve answers for the first time', async () => {
  const berth = await berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password }, atFirstAnswer: true });
  try {
    await session(berth.url, { credentials: ADMIN }).token('');
  } finally {
    await berth.stop();
  }
});

describe('the password of admin by the environment', () => {
  const file = join(folder('secret'), 'password');
  writeFileSync(file, `${ADMIN.password}\n`);

  test.for([
    ['BERTH_ADMIN_PASSWORD', ADMIN.password],
    ['BERTH_ADMIN_PASSWORD_FILE', file],
  ] as const)('%s', async ([variable, value]) => {
    const berth = await berthServe({ env: { [variable]: value } });
    try {
      await session(berth.url, { credentials: ADMIN }).token('');
      expect(berth.output()).not.toContain(ADMIN.password);
    } finally {
      await berth.stop();
    }
  });
});
