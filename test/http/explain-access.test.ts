import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessExplanation } from '../../src/auth/explain/access-explanation.ts';
import { API_ROUTES } from '../../src/http/api/routes.ts';
import { ADMIN_PASSWORD, BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { misfits } from '../support/json-schema.ts';

/* `GET /api/v1/explain/access` says what a request for a token gets. */

const HASH = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const RULES = `auth:
  builtin:
    users:
      admin: {password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"}
      test: {password: "${HASH}", labels: {team: [blue, red]}}
      "": {}
    acl:
      - {match: {account: eve}, actions: []}
      - {match: {account: admin}, actions: ["*"]}
      - {match: {account: "/^(t.*)$/", name: "\${account:1}/*"}, actions: [pull, push]}
      - {match: {name: "\${labels:team}/*"}, actions: [pull]}
      - {match: {account: "", name: "open/*"}, actions: [pull]}
`;
const basic = (account: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`,
});
const REPOSITORIES = ['test/app', 'blue/app', 'open/app', 'jane/app', 'robots/a', 'else'];
const ACTIONS = ['pull', 'push', 'delete'];

describe.each([
  ['without rules', BUILTIN, ADMIN_PASSWORD, ''],
  ['with rules', RULES, 'badmin', '123'],
])('explained access, %s', (_, config, adminPassword, testPassword) => {
  const ADMIN = basic('admin', adminPassword);
  let door: FrontDoor;
  const passwords = new Map<string, string>([['admin', adminPassword]]);
  beforeAll(async () => {
    door = await openFrontDoor({ config, admin: true });
    const post = async (path: string, body: object) => {
      const answer = await door.send('POST', `/api/v1/${path}`, {
        headers: { ...ADMIN, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
      return answer.json<{ secret: string }>();
    };
    for (const name of ['jane', 'eve', 'gone']) {
      await post('accounts', { name, password: `password of ${name}` });
      passwords.set(name, `password of ${name}`);
    }
    await post('accounts/disable', { name: 'gone' });
    await post('groups', { name: 'dev' });
    await post('groups/join', { group: 'dev', account: 'jane' });
    await post('roles/grant', { role: 'push', repositories: 'open/**', group: 'dev' });
    await post('roles/grant', { role: 'delete', repositories: 'else', account: 'jane' });
    await post('robots', { name: 'ci' }).then(({ secret }) => passwords.set('ci', secret));
    await post('roles/grant', { role: 'pull', repositories: 'robots/*', account: 'ci' });
    if (testPassword !== '') passwords.set('test', testPassword);
  }, 30_000);
  afterAll(() => door.close());

  const explain = async (query: Readonly<Record<string, string>>): Promise<AccessExplanation> => {
    const answer = await door.send('GET', `/api/v1/explain/access?${new URLSearchParams(query)}`, {
      headers: ADMIN,
    });
    expect(answer.status, answer.text).toBe(200);
    const route = API_ROUTES.find(({ path }) => path === 'explain/access');
    const schema = route?.answers[200]?.schema;
    expect(schema && misfits(schema, answer.json())).toEqual([]);
    return answer.json<AccessExplanation>();
  };
  /** What a token is good for; undefined where there is none. */
  const issued = async (account: string, password: string | undefined, scope: string) => {
    const headers = password === undefined ? {} : basic(account, password);
    const query = new URLSearchParams({ service: 'berth', scope });
    const answer = await door.send('GET', `/auth/token?${query}`, { headers });
    if (answer.status !== 200) return undefined;
    return answer.json<{ scope: string }>().scope.split(':').slice(2).join().split(',').filter(Boolean);
  };

  it('agrees with the token service, for each account and repository', { timeout: 60_000 }, async () => {
    let grants = 0;
    for (const [account, password] of [...passwords, ['', undefined] as const, ['nobody', 'x'] as const]) {
      for (const repository of REPOSITORIES) {
        const told = await explain({ account, repository, action: ACTIONS.join() });
        const got = await issued(account, password, `repository:${repository}:${ACTIONS.join()}`);
        expect([account, repository, told.granted]).toEqual([account, repository, (got ?? []).toSorted()]);
        expect(told.refused.map(({ action }) => action)).toEqual(
          ACTIONS.filter((one) => !told.granted.includes(one)),
        );
        for (const { why } of told.refused) expect(why).not.toBe('');
        grants += told.granted.length;
      }
    }
    expect(grants).toBeGreaterThan(15);
  });

  it('tells of a disabled account, and of one that nobody knows', async () => {
    const gone = await explain({ account: 'gone', repository: 'gone/app', action: 'pull' });
    expect(gone).toMatchObject({ state: 'disabled', granted: [] });
    expect(gone.refused).toEqual([{ action: 'pull', why: expect.stringContaining('is disabled') }]);
    expect(await explain({ account: 'nobody', repository: 'x', action: 'pull' })).toMatchObject({
      state: 'unknown',
    });
  });

  it('takes the limits of a token into account', async () => {
    const made = await door.send('POST', '/api/v1/tokens', {
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: JSON.stringify({ account: 'jane', name: 'reader', limits: ['open/**:pull'] }),
    });
    const { secret } = made.json<{ secret: string }>();
    const query = { account: 'jane', repository: 'open/app', action: 'pull,push', token: 'reader' };
    const told = await explain(query);
    expect(told).toMatchObject({ limits: ['open/**:pull'], granted: ['pull'] });
    expect(told.granted).toEqual(await issued('jane', secret, 'repository:open/app:pull,push'));
    expect(told.refused).toEqual([{ action: 'push', why: expect.stringContaining('limits') }]);
    const none = await door.send(
      'GET',
      `/api/v1/explain/access?${new URLSearchParams({ ...query, token: 'no' })}`,
      { headers: ADMIN },
    );
    expect([none.status, none.text]).toEqual([400, expect.stringContaining('has no token')]);
  });

  it('is for administrators', async () => {
    const path = '/api/v1/explain/access?account=jane&repository=a&action=pull';
    const other = await door.send('GET', path, { headers: basic('eve', 'password of eve') });
    expect(other.status).toBe(401);
    expect((await door.send('GET', path.replace('account=jane&', ''), { headers: ADMIN })).status).toBe(400);
  });
});

it('each rule is told with its place and why it does not match', async () => {
  const door = await openFrontDoor({ config: RULES, admin: true });
  const ADMIN = basic('admin', 'badmin');
  const query = new URLSearchParams({ account: 'test', repository: 'red/app', action: 'pull,push' });
  const answer = await door.send('GET', `/api/v1/explain/access?${query}`, { headers: ADMIN });
  const { rules, refused } = answer.json<AccessExplanation>();
  const rule = (number: number) =>
    expect.stringMatching(new RegExp(`^acl, rule ${number} \\(.*:${number + 12}:\\d+\\)$`));
  expect(rules).toEqual([
    {
      authorizer: 'acl',
      outcome: 'decides',
      reason: rule(4),
      tried: [
        { rule: rule(1), matches: false, why: 'account is "test", and the rule wants "eve"' },
        { rule: rule(2), matches: false, why: 'account is "test", and the rule wants "admin"' },
        {
          ...{ rule: rule(3), matches: false },
          why: `name is "red/app", and the rule wants "\${account:1}/*", where \${account:1} is "test"`,
        },
        { rule: rule(4), matches: true, why: 'all of its conditions hold' },
      ],
    },
    { authorizer: 'roles', outcome: 'not-asked', tried: [] },
  ]);
  expect(refused).toEqual([
    { action: 'push', why: expect.stringContaining('does not grant it: acl, rule 4') },
  ]);
  await door.close();
});
