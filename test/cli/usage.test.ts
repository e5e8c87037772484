import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* `berth usage` as a process, beside a registry that runs. */

const CONFIG = `version: 0.1
storage: {filesystem: {rootdirectory: registry}, delete: {enabled: true}}
http: {addr: 127.0.0.1:0}
repositories:
  - {match: "team/**", quota: {maxbytes: 2MB, maxtags: 10}}
  - {match: "ci/**", quota: {maxbytes: 3MB, scope: together}}
`;

describe('berth usage', () => {
  let place: Workplace;
  let url: string;
  beforeAll(async () => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'config.yml'), CONFIG);
    ({ url } = await place.serve({}, ['config.yml']));
    for (const repository of ['team/app', 'free', 'ci/a', 'ci/b']) {
      const content = 'x'.repeat(1_500_000);
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      const target = `${url}/v2/${repository}/blobs/uploads/?digest=${digest}`;
      expect((await fetch(target, { method: 'POST', body: content })).status).toBe(201);
    }
  });
  afterAll(() => place.clear());

  const usage = (...args: string[]) => place.run(['usage', ...args]);

  it('says what each repository holds and may hold', async () => {
    const { code, stdout } = await usage('config.yml');
    expect([code, stdout.split('\n')]).toEqual([
      0,
      [
        'REPOSITORY  BYTES                               TAGS',
        'ci/a        1.5 MB (together 1.5 MB of 3.0 MB)  0',
        'ci/b        1.5 MB (together 1.5 MB of 3.0 MB)  0',
        'free        1.5 MB                              0',
        'team/app    1.5 MB of 2.0 MB                    0 of 10',
        '',
      ],
    ]);
    const held = { bytes: 1_500_000, tags: 0 };
    const none = { maxBytes: null, maxTags: null, allowance: null, together: null };
    const ci = { ...held, ...none, maxBytes: 3_000_000, allowance: 'ci/**', together: held };
    expect(JSON.parse((await usage('--json', 'config.yml')).stdout)).toEqual([
      { repository: 'ci/a', ...ci },
      { repository: 'ci/b', ...ci },
      { repository: 'free', ...held, ...none },
      { repository: 'team/app', ...held, ...none, maxBytes: 2_000_000, maxTags: 10 },
    ]);
  });

  it('says of one repository which rule decides', async () => {
    expect((await usage('config.yml', 'team/app')).stdout).toBe(
      'team/app\n  bytes  1.5 MB of 2.0 MB (75 %)\n  tags   0 of 10\n  quota  repositories[0].quota\n',
    );
    expect((await usage('config.yml', 'free')).stdout).toContain('  quota  none\n');
    expect((await usage('config.yml', 'ci/a')).stdout).toBe(
      'ci/a\n  bytes  1.5 MB (together 1.5 MB of 3.0 MB) (50 %)\n  tags   0\n  quota  repositories[1].quota, shared by ci/**\n',
    );
    const unknown = await usage('config.yml', 'nowhere');
    expect([unknown.code, unknown.stderr]).toEqual([1, 'berth: there is no repository "nowhere"\n']);
    expect((await usage('config.yml', 'NO NAME')).stderr).toContain('is not a repository name');
  });

  it('counts anew, and says where the count was wrong', async () => {
    expect((await usage('--recount', 'config.yml')).stderr).toBe('');
    const db = new Database(join(place.folder, 'registry/berth.db'));
    db.exec('UPDATE repository_usage SET bytes = 5; UPDATE allowances SET bytes = 6');
    db.close();
    const { stdout, stderr } = await usage('--recount', 'config.yml', 'free');
    expect(stdout).toContain('  bytes  1.5 MB\n');
    expect(stderr).toBe('free: counted 5 bytes and 0 tags; there are 1500000 and 0\n');
    const shared = await usage('--recount', 'config.yml', 'ci/b');
    expect(shared.stderr).toContain('ci/**: counted 6 bytes and 0 tags; there are 1500000 and 0\n');
    expect(shared.stdout).toContain('(together 1.5 MB of 3.0 MB)');
  });
});
