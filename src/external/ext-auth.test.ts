import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { shellScript } from '../../test/support/script.ts';
import { testFolder } from '../../test/support/test-folder.ts';
import { TooManyLogins } from '../auth/slots.ts';
import { ExtAuth } from './ext-auth.ts';
import { Program, type ProgramOptions } from './program.ts';

async function providerOf(lines: readonly string[], options: Partial<ProgramOptions> = {}) {
  const folder = await testFolder();
  const log = new RecordedLog();
  const program = new Program({
    name: 'ext_auth',
    command: shellScript(folder, 'my_auth', lines),
    args: [],
    env: { PATH: process.env['PATH'], FOLDER: folder },
    timeoutMs: 10_000,
    maxConcurrent: 4,
    maxWaiting: 100,
    log,
    ...options,
  });
  return { folder, log, provider: new ExtAuth(program) };
}

const BOFH = { account: 'bofh', password: 'LART' };

/** docker_auth's examples/ext_auth.sh, by its facts. */
const EXAMPLE = [
  'read -r u p',
  '[ "$u" = user ] && [ "$p" = pass ] && exit 0',
  `[ "$u" = bofh ] && [ "$p" = LART ] && echo '{"labels": {"level": ["max"], "groups": ["VIP", "ATeam"]}}' && exit 0`,
  'exit 1',
];

describe('ext_auth', () => {
  test("answers as docker_auth's example", async () => {
    const { provider } = await providerOf(EXAMPLE);
    expect(await provider.authenticate({ account: 'user', password: 'pass' })).toEqual({
      ...{ account: 'user', labels: {}, isAdmin: false },
    });
    expect(await provider.authenticate(BOFH)).toEqual({
      account: 'bofh',
      labels: { level: ['max'], groups: ['VIP', 'ATeam'] },
      isAdmin: false,
    });
    expect(await provider.authenticate({ account: 'bofh', password: 'lart' })).toBe('wrong-password');
    await provider.close();
  });

  test.each([
    ['exit 1', 'wrong-password'],
    ['exit 2', 'no-match'],
    ['echo nonsense; exit 1', 'wrong-password'],
    ['echo nonsense; exit 2', 'no-match'],
    [`echo '{}'`, { account: 'bofh', labels: {}, isAdmin: false }],
    [`echo '{"labels": null}'`, { account: 'bofh', labels: {}, isAdmin: false }],
    [`echo '{"labels": {"a": null}, "more": 1}'`, { account: 'bofh', labels: { a: [] }, isAdmin: false }],
  ])('%s is %j', async (line, answer) => {
    const { provider } = await providerOf([line]);
    expect(await provider.authenticate(BOFH)).toEqual(answer);
  });

  test.each([
    ['exit 3', 'ext_auth: the program ended with exit code 3'],
    ['exit 255', 'ext_auth: the program ended with exit code 255'],
    ['kill -15 $$', /gave no answer: it was ended by SIGTERM/],
    ['echo ok', 'ext_auth: what the program wrote cannot be understood: it is not JSON'],
    ['echo []', /cannot be understood: it is not an object/],
    [`echo '{"labels": []}'`, /"labels" is not an object/],
    [`echo '{"labels": {"a": "b"}}'`, /a label does not have a list of texts/],
    [`echo '{"labels": {"a": [1]}}'`, /a label does not have a list of texts/],
    ['sleep 60', /gave no answer: it did not answer within 300 ms/],
    ['yes', /gave no answer: it wrote more than 64 KiB/],
  ])('%s is a failure that says what it was', async (line, message) => {
    const { provider } = await providerOf([line], { timeoutMs: line.startsWith('sleep') ? 300 : 10_000 });
    await expect(provider.authenticate(BOFH)).rejects.toThrow(message);
  });

  test('what the program complains of is in the log at debug, without the password', async () => {
    const { provider, log } = await providerOf([
      'read -r u p',
      'echo "looking for $u" >&2',
      'echo "tried with $p" >&2',
      'head -c 10000 /dev/zero | tr "\\\\0" x >&2',
      'exit 3',
    ]);
    await expect(provider.authenticate({ account: 'alice', password: 'hunter2' })).rejects.toThrow();
    const [entry] = log.at('debug');
    expect(entry?.fields['text']).toMatch(
      /^looking for alice\n\(a line is withheld: a password is in it\)\nx+…$/,
    );
    expect(String(entry?.fields['text']).length).toBeLessThan(5_000);
    expect(JSON.stringify(log.entries)).not.toContain('hunter2');
  });

  test('a flood is bounded: so many processes, so many who wait, and the rest hears at once', async () => {
    const { provider, folder } = await providerOf(
      [
        'echo $$ > "$FOLDER/run-$$"',
        'ls "$FOLDER" | grep -c run- >> "$FOLDER/count"',
        'sleep 0.2',
        'rm "$FOLDER/run-$$"',
      ],
      { maxConcurrent: 5, maxWaiting: 20 },
    );
    const logins = Array.from({ length: 200 }, (_, index) =>
      provider.authenticate({ account: `user${index}`, password: 'x' }).then(
        () => 'in',
        (error: unknown) => (error instanceof TooManyLogins ? 'too many' : error),
      ),
    );
    const outcomes = await Promise.all(logins);
    expect(outcomes.filter((one) => one === 'in')).toHaveLength(25);
    expect(outcomes.filter((one) => one === 'too many')).toHaveLength(175);
    const counts = readFileSync(join(folder, 'count'), 'utf8').trim().split('\n').map(Number);
    expect(counts).toHaveLength(25);
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
    expect(Math.max(...counts)).toBeGreaterThan(1);
  });

  test('once it is closed, whoever runs is killed and whoever waits gets no answer', async () => {
    const { provider } = await providerOf(['sleep 60'], { maxConcurrent: 2 });
    const logins = ['a', 'b', 'c'].map((account) => provider.authenticate({ account, password: 'x' }));
    const settled = Promise.allSettled(logins);
    await provider.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(provider.authenticate(BOFH)).rejects.toThrow('ext_auth: Berth is ending');
  });
});

describe('whatever an account is called, and whatever its password is', () => {
  /** Answers with what it was told, byte for byte. */
  const ECHO = ['cat > "$FOLDER/told"', 'exit 0'];
  const TOLD = (folder: string) => readFileSync(join(folder, 'told'), 'utf8');

  test('the program sees exactly these two, or is not asked', async () => {
    const { provider, folder } = await providerOf(ECHO);
    const hostile = fc.oneof(
      fc.constantFrom(
        'admin secret',
        'a\nb',
        'a\0b',
        '\n',
        ' ',
        '',
        'a\tb',
        '$(id)',
        '-rf',
        '"; exit 0 #',
        'a\u2028b',
        'é\u00a0x',
      ),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.string({ maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (account, password) => {
        const answer = await provider.authenticate({ account, password });
        if (answer === 'no-match') {
          expect(account === '' || /[\s\p{Cc}]/u.test(account) || /[\0\r\n]/.test(password)).toBe(true);
          return;
        }
        const told = TOLD(folder);
        const space = told.indexOf(' ');
        // By the first space, as docker_auth's programs split it, and in one line.
        expect([told.slice(0, space), told.slice(space + 1)]).toEqual([account, password]);
        expect(told).not.toMatch(/[\n\r\0]/);
        expect(answer).toMatchObject({ account });
      }),
      { numRuns: 150 },
    );
  });
});
