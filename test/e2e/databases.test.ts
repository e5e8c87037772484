import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ADMIN, type Credentials } from './support/accounts.ts';
import { type PlainAuth, plainAuth } from './support/auth-yml.ts';
import type { Rule, TestDatabase } from './support/databases/database.ts';
import { startFerretDb } from './support/databases/ferretdb.ts';
import { startMariaDb } from './support/databases/mariadb.ts';
import { startPostgres } from './support/databases/postgres.ts';
import { newSqlite } from './support/databases/sqlite.ts';
import { prepared } from './support/prepared.ts';
import { steps } from './support/steps.ts';

/*
 * docker_auth's accounts and rules in real databases, with rows as docker_auth has them. The same story for each kind.
 */

const ferretDb = await prepared('ferretdb');
if (ferretDb === undefined) {
  process.stdout.write(
    'SKIPPED: no FerretDB, and no Go to build it with; set BERTH_FERRETDB to the program\n',
  );
}

const KINDS: readonly (readonly [string, (() => Promise<TestDatabase>) | undefined])[] = [
  ['MariaDB', () => startMariaDb()],
  ['PostgreSQL', () => startPostgres()],
  ['a file of SQLite', newSqlite],
  ['FerretDB', ferretDb === undefined ? undefined : () => startFerretDb(ferretDb)],
];

const MADE: Readonly<Record<TestDatabase['kind'], readonly string[]>> = {
  mysql: [
    'xorm_acl_entry acl_entry longtext',
    'xorm_acl_entry seq bigint(20)',
    'xorm_user id bigint(20)',
    'xorm_user labels longtext',
    'xorm_user password_hash varchar(128)',
    'xorm_user username varchar(128)',
  ],
  postgres: [
    'xorm_acl_entry acl_entry json',
    'xorm_acl_entry seq bigint',
    'xorm_user id bigint',
    'xorm_user labels json',
    'xorm_user password_hash character varying',
    'xorm_user username character varying',
  ],
  sqlite3: [
    'xorm_acl_entry acl_entry TEXT',
    'xorm_acl_entry seq INTEGER',
    'xorm_user id INTEGER',
    'xorm_user labels TEXT',
    'xorm_user password_hash TEXT',
    'xorm_user username TEXT',
  ],
  mongo: ['acl seq', 'users username'],
};

const ALICE = { account: 'alice', password: 'correct horse' };
const ODD = { account: `o'b"rien\\; DROP TABLE xorm_user; -- \u{1f600}`, password: 'correct horse' };
const STATIC = 'users: {admin: {password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"}}\n';

/** Names that must lead to nobody, whatever a database makes of them. */
const HOSTILE = [
  ...["' OR '1'='1", "alice'--", 'alice" OR ""="', "\\' OR 1=1 -- ", "alice'; DELETE FROM xorm_user; --"],
  ...['ALICE', 'Alice', 'alice ', ' alice', 'alice\0', '\0', 'al\u00efce', 'ali%', '%', '_____', '*', '.*'],
  ...['{"$ne":null}', '[$ne]', 'username', 'alice\n', '\u{1f600}', '\u202ealice', 'a'.repeat(250)],
];

// Written in the wrong order, and the wide rule in front: only `seq` can put it right.
const RULES: readonly Rule[] = [
  { seq: 30, match: { account: '/.+/', type: 'repository', name: 'shared/*' }, actions: ['pull'] },
  { seq: 20, match: { labels: { team: 'core' }, name: 'shared/*' }, actions: ['*'] },
  { seq: 10, match: { name: 'shared/secret' }, actions: [] },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: docker_auth's own syntax.
  { seq: 9, match: { account: '/^(.+)$/', name: '${account:1}/*' }, actions: ['*'] },
];

async function eventually(what: string, attempt: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await attempt())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(100);
  }
}

for (const [name, start] of KINDS) {
  describe.skipIf(start === undefined)(`accounts and rules in ${name}`, () => {
    let database: TestDatabase;
    let berth: PlainAuth;
    let bcrypt: string;
    steps(() => `--- berth\n${berth?.server.output() ?? 'not started'}`);
    beforeAll(async () => {
      bcrypt = (await hash(ALICE.password, 5)).replace('$2b$', '$2y$');
      if (start !== undefined) database = await start();
    });
    afterAll(async () => {
      await berth?.server.stop();
      await database?.end();
    });

    const status = async (who: Credentials, scope?: string) => (await berth.patientLogin(who, scope)).status;
    // Lines are written a moment after what they tell of.
    const logged = (line: RegExp) =>
      eventually(`${line} in the log`, async () => line.test(berth.server.output()));
    const letIn = (who: Credentials) => eventually('a login', async () => (await status(who)) === 200);
    const isGranted = (who: Credentials, repository: string, actions: string) =>
      eventually(`${actions} on ${repository}`, async () => {
        const granted = await berth.granted(who, repository).catch(() => undefined);
        return granted?.join() === actions;
      });

    test('an empty database gets its tables, nobody is let in and nothing is granted', async () => {
      berth = await plainAuth(inject('bed').ec, `${STATIC}${database.sections('300ms')}`);
      expect(await status(ALICE)).toBe(401);
      expect(await berth.granted(ADMIN, 'shared/app')).toEqual([]);
      expect(await database.made()).toEqual(MADE[database.kind]);
    });

    test('rows that are added hold, in the order of seq', async () => {
      await database.addAccounts([
        { username: 'bob', hash: bcrypt },
        { username: ALICE.account, hash: bcrypt, labels: { team: ['docs', 'core'] } },
        { username: ODD.account, hash: bcrypt, labels: {} },
      ]);
      await database.setRules(RULES);
      await letIn(ALICE);
      // The last that is written: rows come one by one, and may be read in between.
      await isGranted(ALICE, 'alice/app', 'pull,push');
      const bob = { ...ALICE, account: 'bob' };
      expect(await berth.granted(ALICE, 'shared/app')).toEqual(['pull', 'push']);
      expect(await berth.granted(bob, 'shared/app')).toEqual(['pull']);
      expect(await berth.granted(ALICE, 'shared/secret')).toEqual([]);
      expect(await berth.granted(bob, 'bob/app')).toEqual(['pull', 'push']);
      expect(await berth.granted(bob, 'alice/app')).toEqual([]);
      expect(await berth.granted(ODD, 'shared/app')).toEqual(['pull']);
    });

    test('wrong passwords and hostile names are refused, and nothing breaks', async () => {
      expect(await status({ ...ALICE, password: 'wrong' })).toBe(401);
      expect(await status({ ...ALICE, password: '' })).toBe(401);
      for (const account of HOSTILE) {
        expect({ account, status: await status({ ...ALICE, account }) }).toEqual({ account, status: 401 });
      }
      expect(await status(ALICE)).toBe(200);
    });

    test('names that its encoding does not have are nobody', async ({ skip }) => {
      if (database.narrow === undefined) return skip('it has one encoding only');
      await database.narrow();
      expect(await status({ ...ALICE, account: '\u{1f600}\u4e00' })).toBe(401);
      expect(await status({ ...ALICE, account: '\u4e00' })).toBe(401);
      await letIn(ALICE);
    });

    test('a password that is changed holds at once', async () => {
      const changed = await hash('another', 4);
      await database.setHash('bob', changed);
      await eventually(
        'the old password is refused',
        async () => (await status({ ...ALICE, account: 'bob' })) === 401,
      );
      expect(await status({ account: 'bob', password: 'another' })).toBe(200);
    });

    test('a hash of another kind lets nobody in, and the log names its place and not the hash', async () => {
      const strange = '5f4dcc3b5aa765d61d8327deb882cf99';
      await database.addAccounts([{ username: 'old', hash: strange }]);
      expect(await status({ account: 'old', password: 'password' })).toBe(401);
      expect(await status({ account: 'old', password: strange })).toBe(401);
      await logged(/stored neither as bcrypt nor as Argon2id.*(row \d+ of xorm_user|document \w+ of users)/);
      expect(berth.server.output()).not.toContain(strange);
    });

    test('changed rules hold within their time, and a malformed one changes nothing', async () => {
      await database.setRules([{ seq: 1, match: { account: 'alice' }, actions: ['push'] }, ...RULES]);
      await eventually(
        'the new rule',
        async () => (await berth.granted(ALICE, 'shared/app')).join() === 'push',
      );
      for (const [wrong, said] of [
        [
          { seq: 77, match: { team: 'x' }, actions: ['*'] },
          /the rule with seq 77, match\.team.*is not a condition/,
        ],
        [{ seq: 78, actions: ['*'] }, /the rule with seq 78, match: no conditions/],
        [{ seq: 79, match: { name: 'a[' }, actions: ['*'] }, /the rule with seq 79, match\.name/],
        [{ seq: 80, match: {} }, /the rule with seq 80, actions: no list of actions/],
        [{ seq: null, match: {}, actions: ['*'] }, /a rule has no seq/],
      ] satisfies [Rule, RegExp][]) {
        await database.setRules([wrong, ...RULES]);
        await logged(said);
        expect(await berth.granted(ALICE, 'shared/app')).toEqual(['push']);
        expect(await berth.granted(ADMIN, 'elsewhere/app')).toEqual([]);
      }
      await database.setRules(RULES);
      await eventually(
        'the rules',
        async () => (await berth.granted(ALICE, 'shared/app')).join() === 'pull,push',
      );
    });

    test('a hundred accounts log in at once', async () => {
      const quick = await hash('secret', 4);
      const accounts = Array.from({ length: 100 }, (_, index) => `many-${index}`);
      await database.addAccounts(accounts.map((username) => ({ username, hash: quick })));
      const all = await Promise.all(
        accounts.map((account) => status({ account, password: 'secret' }, 'repository:shared/app:pull')),
      );
      expect(all.filter((each) => each !== 200)).toEqual([]);
      const wrong = await Promise.all(accounts.map((account) => status({ account, password: 'sesame' })));
      expect(wrong.filter((each) => each !== 401)).toEqual([]);
    });

    test('while it is away logins fail and say why in the log, rules stay, and all is well when it is back', async () => {
      const { pid } = berth.server;
      await database.takeAway();
      await eventually('a login fails', async () => (await status(ALICE)) === 503);
      const answer = await berth.login(ALICE);
      expect(answer.status).toBe(503);
      expect(answer.text).not.toMatch(/mysql|postgres|sqlite|mongo|127\.0\.0\.1|ECONN/i);
      await logged(
        /a request failed.*(mysql at|postgres at|the sqlite3 file|mongo at) .*(cannot be reached|cannot be used): \w/,
      );
      // Another provider knows this account, and its rules are those that were read before.
      await logged(/read before stay/);
      expect(await berth.granted(ADMIN, 'shared/app')).toEqual(['pull']);
      await database.bringBack();
      await letIn(ALICE);
      expect(berth.server.pid).toBe(pid);
      expect(berth.server.running()).toBe(true);
    });

    test('at a start without it nothing is granted, and all is well when it comes', async () => {
      await berth.server.stop();
      await database.takeAway();
      berth = await plainAuth(inject('bed').ec, `${STATIC}${database.sections('300ms')}`);
      expect(await status(ALICE)).toBe(503);
      const rules = await berth.login(ADMIN, 'repository:shared/app:pull');
      expect({ status: rules.status, text: rules.text }).toMatchObject({ status: 503 });
      await logged(/there are no rules to decide by: /);
      await logged(/accounts cannot be read; logins that need them fail until they can/);
      await database.bringBack();
      await letIn(ALICE);
      await isGranted(ADMIN, 'shared/app', 'pull');
    });

    test('at a start with nothing but a malformed rule nothing is granted', async () => {
      await berth.server.stop();
      await database.setRules([{ seq: 5, match: { team: 'x' }, actions: ['*'] }]);
      berth = await plainAuth(inject('bed').ec, `${STATIC}${database.sections('300ms')}`);
      for (const who of [ALICE, ADMIN]) {
        expect(await status(who, 'repository:shared/app:pull')).toBe(503);
      }
      await database.setRules(RULES);
      await isGranted(ADMIN, 'shared/app', 'pull');
    });

    test('nothing secret was printed, and it ends when it is told to', async () => {
      const output = berth.server.output();
      if (database.secret !== undefined) expect(output).not.toContain(database.secret);
      for (const secret of [ALICE.password, bcrypt]) expect(output).not.toContain(secret);
      await berth.server.stop();
      expect(await berth.server.ended).toBe(0);
    });
  });
}
