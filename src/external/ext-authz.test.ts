import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { shellScript } from '../../test/support/script.ts';
import { testFolder } from '../../test/support/test-folder.ts';
import { ExtAuthz } from './ext-authz.ts';
import { Program } from './program.ts';
import { authRequestJson, labelsJson } from './question.ts';

const WHO = { account: 'alice', labels: { team: ['a', 'b'] }, isAdmin: false };
const WANTED = { type: 'repository', name: 'team/app', actions: ['pull', 'push'] };
const CONTEXT = { service: 'Docker registry', address: '10.0.0.1' };

async function rulesOf(lines: readonly string[]) {
  const folder = await testFolder();
  const program = new Program({
    ...{ name: 'ext_authz', args: [], timeoutMs: 10_000, maxConcurrent: 2, maxWaiting: 2 },
    command: shellScript(folder, 'my_authz', lines),
    env: { PATH: process.env['PATH'], FOLDER: folder },
    log: new RecordedLog(),
  });
  const rules = new ExtAuthz(program, 'ext_authz (auth.yml:3:1)');
  const told = (): unknown => JSON.parse(readFileSync(join(folder, 'told'), 'utf8'));
  return { rules, told };
}

describe('ext_authz', () => {
  test("is told docker_auth's question", async () => {
    const { rules, told } = await rulesOf(['cat > "$FOLDER/told"']);
    await rules.authorize(WHO, WANTED, CONTEXT);
    expect(told()).toEqual({
      Account: 'alice',
      Type: 'repository',
      Name: 'team/app',
      Service: 'Docker registry',
      IP: '10.0.0.1',
      Actions: ['pull', 'push'],
      Labels: { team: ['a', 'b'] },
    });
  });

  test.each([
    ['exit 0', ['pull', 'push']],
    ['exit 1', []],
  ])('%s grants %j', async (line, granted) => {
    const { rules } = await rulesOf([line]);
    expect(await rules.authorize(WHO, WANTED, CONTEXT)).toEqual({
      granted,
      rule: 'ext_authz (auth.yml:3:1)',
    });
  });

  test.each(['exit 2', 'exit 3', 'kill -9 $$'])('%s is a failure, and nothing is granted', async (line) => {
    const { rules } = await rulesOf([line]);
    await expect(rules.authorize(WHO, WANTED, CONTEXT)).rejects.toThrow(/^ext_authz: /);
  });

  test('no value can become another field of the question', async () => {
    const { rules, told } = await rulesOf(['cat > "$FOLDER/told"']);
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('","Actions":["*"],"x":"', '</script>', '__proto__'),
    );
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.dictionary(text, fc.array(text, { maxLength: 3 }), { maxKeys: 3 }),
        async (account, name, labels) => {
          await rules.authorize({ ...WHO, account, labels }, { ...WANTED, name }, CONTEXT);
          expect(told()).toEqual({
            ...{
              Account: account,
              Type: 'repository',
              Name: name,
              Service: 'Docker registry',
              IP: '10.0.0.1',
            },
            Actions: ['pull', 'push'],
            Labels: Object.keys(labels).length === 0 ? null : labels,
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('JSON is that of Go: fields in order, sorted labels, escapes', () => {
  const info = { Account: '<a&b>', Type: 't', Name: 'n', Service: 's', IP: '', Actions: [], Labels: null };
  expect(authRequestJson(info)).toBe(
    '{"Account":"\\u003ca\\u0026b\\u003e","Type":"t","Name":"n","Service":"s","IP":"","Actions":[],"Labels":null}',
  );
  expect(labelsJson({ b: ['1'], a: ['\u2028'], 10: [], 9: [] })).toBe(
    '{"10":[],"9":[],"a":["\\u2028"],"b":["1"]}',
  );
});
