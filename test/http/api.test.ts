import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { openApi } from '../../src/http/api/openapi.ts';
import { API_ROUTES } from '../../src/http/api/routes.ts';
import { StoppedClock } from '../support/clock.ts';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { misfits } from '../support/json-schema.ts';
import { digestOf, pushBlob, pushImage } from '../support/oci-content.ts';

/* The admin API, by its front door. */

const HOUR = 3_600_000;
const JSON_TYPE = { 'content-type': 'application/json' };

/** What the document says of the answer of this status. */
function schemaOf(method: string, target: string, status: number) {
  const path = target.replace('/api/v1/', '').split('?')[0];
  const route = API_ROUTES.find((one) => one.method === method && one.path === path);
  const answer = route?.answers[status];
  if (answer === undefined) throw new Error(`${method} ${target} has no answer ${status}`);
  return answer.schema;
}

describe('the admin API', () => {
  let door: FrontDoor;
  const clock = new StoppedClock();
  beforeAll(async () => {
    door = await openFrontDoor({ clock });
  });
  afterAll(() => door.close());

  /** Each answer fits what the document says of it. */
  const fits = (method: string, target: string, answer: Answer): Answer => {
    if (answer.status < 300) {
      expect(misfits(schemaOf(method, target, answer.status), answer.json())).toEqual([]);
    }
    return answer;
  };
  const get = async (path: string): Promise<Answer> =>
    fits('GET', `/api/v1/${path}`, await door.send('GET', `/api/v1/${path}`));
  const post = async (path: string, body: unknown): Promise<Answer> => {
    const sent = { body: JSON.stringify(body), headers: JSON_TYPE };
    return fits('POST', `/api/v1/${path}`, await door.send('POST', `/api/v1/${path}`, sent));
  };

  it('lists what was deleted, brings it back, and says why not', async () => {
    const old = await pushImage(door, 'app', 'v1', { seed: 1 });
    clock.advance(1_000);
    const image = await pushImage(door, 'app', 'v1', { seed: 2 });
    clock.advance(1_000);
    await door.send('DELETE', `/v2/app/manifests/${image.digest}`);
    const page = (await get('deleted?repository=app&n=2')).json<{ deleted: unknown[]; next: string }>();
    expect(page.deleted).toMatchObject([
      { repository: 'app', digest: image.digest, tag: 'v1', cause: { kind: 'api' } },
      { repository: 'app', digest: image.digest },
    ]);
    expect(page.deleted[1]).not.toHaveProperty('tag');
    const rest = (await get(`deleted?repository=app&n=2&after=${page.next}`)).json<{ deleted: unknown[] }>();
    expect(rest).toMatchObject({ deleted: [{ tag: 'v1', digest: old.digest, movedTo: image.digest }] });
    expect(rest).not.toHaveProperty('next');
    expect((await get('deleted?repository=other')).json()).toEqual({ deleted: [] });

    const back = await post('undelete', { repository: 'app', tag: 'v1' });
    expect(back.json()).toEqual({
      ...{ digest: image.digest, manifests: [image.digest], tags: ['v1'], missing: [] },
    });
    expect((await door.send('GET', '/v2/app/manifests/v1')).text).toBe(image.text);
    const inUse = await post('undelete', { repository: 'app', tag: 'v1' });
    expect(inUse).toMatchObject({ status: 409, codes: ['TAG_IN_USE'] });
    expect(inUse.text).toContain(`points to ${image.digest} by now`);
    const moved = await post('undelete', { repository: 'app', tag: 'v1', moveTags: true });
    expect(moved.json()).toMatchObject({ digest: old.digest, tags: ['v1'] });
    const unknown = await post('undelete', { repository: 'app', digest: digestOf('nothing') });
    expect(unknown).toMatchObject({ status: 404, codes: ['NOT_KEPT'] });
    clock.advance(169 * HOUR);
    expect((await get('deleted')).json()).toEqual({ deleted: [] });
  });

  it('moves no immutable tag, as no push does', async () => {
    const config = 'repositories: [{match: "**", immutabletags: ["v*"]}]';
    const rules = await openFrontDoor({ clock, config });
    const old = await pushImage(rules, 'app', 'latest', { seed: 1 });
    await rules.send('PUT', `/v2/app/manifests/v1`, {
      body: old.text,
      headers: { 'content-type': old.descriptor.mediaType },
    });
    expect((await rules.send('DELETE', `/v2/app/manifests/v1`)).status).toBe(409);
    // The tag moved before there was the rule.
    const { manifests } = rules.state.index;
    await manifests.remove('app' as never, old.digest as never, 'somebody', clock.now());
    const image = await pushImage(rules, 'app', 'v1', { seed: 2 });
    for (const wanted of [{ tag: 'v1' }, { digest: old.digest }]) {
      const body = JSON.stringify({ repository: 'app', ...wanted, moveTags: true });
      const refused = await rules.send('POST', '/api/v1/undelete', { body, headers: JSON_TYPE });
      expect(refused).toMatchObject({ status: 409, codes: ['DENIED'] });
      expect(refused.text).toContain(`is immutable here and stays at ${image.digest}`);
    }
    expect((await rules.send('GET', '/v2/app/manifests/v1')).text).toBe(image.text);
    const alone = JSON.stringify({ repository: 'app', digest: old.digest, withTags: false });
    const back = await rules.send('POST', '/api/v1/undelete', { body: alone, headers: JSON_TYPE });
    expect(back).toMatchObject({ status: 200 });
    await rules.close();
  });

  it('explains blobs, manifests and tags, and shows the journal', async () => {
    const image = await pushImage(door, 'explained', 'v1', { seed: 5 });
    const blob = (await get(`explain/blob?digest=${image.layer}`)).json();
    expect(blob).toMatchObject({
      fate: 'kept',
      places: [
        {
          repository: 'explained',
          chains: [{ tag: 'v1', steps: [{ manifest: image.digest, by: 'names' }] }],
        },
      ],
    });
    await door.send('DELETE', '/v2/explained/manifests/v1');
    const manifest = `explain/manifest?repository=explained&digest=${image.digest}`;
    expect((await get(manifest)).json()).toMatchObject({ fate: 'untagged' });
    expect((await get('explain/tag?repository=explained&tag=v1')).json()).toMatchObject({
      fate: 'deleted',
      digest: image.digest,
    });
    await door.send('DELETE', `/v2/explained/manifests/${image.digest}`);
    expect((await get(manifest)).json()).toMatchObject({ fate: 'deleted' });
    const there = `explain/blob?digest=${image.layer}&repository=explained`;
    expect((await get(there)).json()).toMatchObject({
      places: [{ fate: 'deleted', neededByDeleted: [image.digest] }],
    });
    expect((await get(`explain/blob?digest=${digestOf('never')}`)).json()).toMatchObject({
      fate: 'unknown',
      places: [],
    });
    const journal = (await get('journal?repository=explained&n=1')).json<{ removals: []; next: number }>();
    expect(journal.removals).toMatchObject([{ kind: 'manifest', digest: image.digest }]);
    const second = await get(`journal?repository=explained&before=${journal.next}`);
    expect(second.json()).toMatchObject({ removals: [{ kind: 'tag', name: 'v1' }] });
    expect((await get('journal?repository=explained&tag=v1')).json()).toMatchObject({
      removals: [{ name: 'v1' }],
    });
    expect((await get(`journal?digest=${image.digest}`)).json<{ removals: [] }>().removals).toHaveLength(2);
  });

  it('collects garbage: dry, and then really', async () => {
    const stray = await pushBlob(door, 'garbage', 'a stray');
    const wishes = { graceSeconds: 0, untagged: false };
    const planned = await post('garbage-collection', { ...wishes, dryRun: true });
    expect(planned).toMatchObject({ status: 200 });
    const { collected } = planned.json<{ collected: { freedBytes: number } }>();
    expect(collected.freedBytes).toBeGreaterThanOrEqual(7);
    expect((await door.send('GET', `/v2/garbage/blobs/${stray}`)).status).toBe(200);
    const started = await post('garbage-collection', wishes);
    expect(started).toMatchObject({ status: 202 });
    expect(started.json()).toMatchObject({ isRunning: true });
    await expect
      .poll(async () => (await get('garbage-collection')).json<{ isRunning: boolean }>().isRunning)
      .toBe(false);
    const { last } = (await get('garbage-collection')).json<{ last: unknown }>();
    expect(last).toMatchObject({
      actor: '',
      wishes: { graceSeconds: 0, keepDeletedSeconds: 604_800 },
      collected: { freedBytes: collected.freedBytes },
    });
    expect((await door.send('GET', `/v2/garbage/blobs/${stray}`)).status).toBe(404);
    const explained = (await get(`explain/blob?digest=${stray}`)).json();
    expect(explained).toMatchObject({
      fate: 'removed',
      removals: [
        { kind: 'blob', cause: { rule: 'grace time 0s' } },
        { kind: 'link', repository: 'garbage' },
      ],
    });
  });

  it('tells what repositories hold and how often their content is pulled', async () => {
    const config = 'repositories: [{match: "shared/**", quota: {maxbytes: 1MB, scope: together}}]';
    const own = await openFrontDoor({ clock, config });
    const ask = async <T>(path: string): Promise<T> => {
      const answer = fits('GET', `/api/v1/${path}`, await own.send('GET', `/api/v1/${path}`));
      expect(answer.status).toBe(200);
      return answer.json<T>();
    };
    const image = await pushImage(own, 'app', 'v1', { seed: 1 });
    for (const repository of ['shared/a', 'shared/b']) await pushImage(own, repository, 'v1', { seed: 1 });
    await pushImage(own, 'app', 'v2', { seed: 2 });
    await own.send('GET', '/v2/app/manifests/v1');
    await own.send('GET', `/v2/app/manifests/${image.digest}`);

    const all = await ask<{ repositories: { bytes: number }[] }>('usage');
    const bytes = all.repositories[1]?.bytes;
    expect(all).toEqual({
      repositories: [
        { repository: 'app', bytes: expect.any(Number), tags: 2 },
        ...['shared/a', 'shared/b'].map((repository) => ({
          ...{ repository, bytes, tags: 1, maxBytes: 1_000_000, quota: 'repositories[0].quota' },
          ...{ allowance: 'shared/**', together: { bytes, tags: 2 } },
        })),
      ],
    });
    const first = await ask<{ next: string }>('usage?n=1');
    expect(first).toMatchObject({ repositories: [{ repository: 'app' }], next: 'app' });
    expect(await ask(`usage?n=5&after=${first.next}`)).toEqual({ repositories: all.repositories.slice(1) });
    expect(await ask('usage?repository=shared/b')).toEqual({ repositories: all.repositories.slice(2) });
    expect(await ask('usage?repository=never')).toEqual({ repositories: [] });

    const tags = await ask<object>('pulls/tags?repository=app');
    expect(tags).toMatchObject({
      tags: [
        { tag: 'v1', digest: image.digest, pulls: 1, lastAt: new Date(clock.now()).toISOString() },
        { tag: 'v2', pulls: 0 },
      ],
    });
    expect(tags).not.toHaveProperty('next');
    const manifests = await ask<{ manifests: { digest: string; pulls: number }[]; next: string }>(
      'pulls/manifests?repository=app&n=1',
    );
    const rest = await ask<typeof manifests>(`pulls/manifests?repository=app&after=${manifests.next}`);
    const both = [...manifests.manifests, ...rest.manifests];
    expect(new Map(both.map(({ digest, pulls }) => [digest, pulls])).get(image.digest)).toBe(2);
    expect(both).toHaveLength(2);
    const never = await own.send('GET', '/api/v1/pulls/tags?repository=never');
    expect(never).toMatchObject({ status: 404, codes: ['NAME_UNKNOWN'] });
    await own.close();
  });

  it('says what rules of retention would do, and does it', async () => {
    const config = 'repositories: [{match: "ci/**", retention: {keeplast: 1}}]';
    const own = await openFrontDoor({ clock, config });
    const send = async (body: unknown): Promise<Answer> => {
      const sent = { body: JSON.stringify(body), headers: JSON_TYPE };
      return fits('POST', '/api/v1/retention', await own.send('POST', '/api/v1/retention', sent));
    };
    const state = async () =>
      fits('GET', '/api/v1/retention', await own.send('GET', '/api/v1/retention')).json<{
        isRunning: boolean;
      }>();
    const old = await pushImage(own, 'ci/app', 'old', { seed: 1 });
    clock.advance(1_000);
    await pushImage(own, 'ci/app', 'new', { seed: 2 });
    expect(await state()).toEqual({ isRunning: false });
    const dry = { dryRun: true, repository: 'ci/app' };
    expect((await send(dry)).json()).toMatchObject({ removedTags: 0, keptTags: 2, entry: 'ci/**' });
    const planned = (await send({ ...dry, graceSeconds: 0 })).json<{ freedBytes: number }>();
    expect(planned).toMatchObject({
      ...{ removedTags: 1, removedManifests: 1, keptTags: 1 },
      tags: [
        { tag: 'new', isKept: true, rule: 'keeplast' },
        { tag: 'old', isKept: false, digest: old.digest, freedBytes: planned.freedBytes },
      ],
    });
    expect(planned.freedBytes).toBeGreaterThan(2_000);
    const later = await send({ ...dry, at: new Date(clock.now() + 2 * HOUR).toISOString() });
    expect(later.json()).toMatchObject({ removedTags: 1 });
    const earlier = await send({ ...dry, at: new Date(clock.now() - 500).toISOString(), graceSeconds: 0 });
    expect(earlier.json()).toMatchObject({ removedTags: 0, keptTags: 1 });
    expect((await send({ ...dry, repository: 'prod' })).json()).toMatchObject({ tags: [] });
    expect((await own.send('GET', '/v2/ci/app/manifests/old')).status).toBe(200);

    const said = async (body: unknown) => {
      const { status, text } = await send(body);
      return `${status} ${(JSON.parse(text) as { errors: [{ message: string }] }).errors[0].message}`;
    };
    expect(await said({ dryRun: true })).toMatch(/^400 .*"repository"/);
    expect(await said({ repository: 'ci/app' })).toMatch(/^400 .*go with "dryRun"/);
    expect(await said({ ...dry, at: 'tomorrow' })).toMatch(/^400 .*2026-01-31T12:00:00Z/);
    expect(await said({ ...dry, at: '2026-13-31T12:00:00Z' })).toMatch(/^400 /);

    const both = await Promise.all([send({ graceSeconds: 0 }), send({ graceSeconds: 0 })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    await expect.poll(async () => (await state()).isRunning).toBe(false);
    expect(await state()).toMatchObject({ last: { repositories: 1, tags: 1, manifests: 1 } });
    expect((await own.send('GET', '/v2/ci/app/manifests/old')).status).toBe(404);
    await own.close();
    const none = await door.send('POST', '/api/v1/retention', { body: '{}', headers: JSON_TYPE });
    expect(none).toMatchObject({ status: 409, codes: ['RETENTION_BUSY'] });
    expect(none.text).toContain('there are no rules');
  });

  it('says what is wrong with a request', async () => {
    const send = (method: string, path: string, body?: string, type = 'application/json') =>
      door.send(method, `/api/v1/${path}`, {
        headers: { 'content-type': type },
        ...(body !== undefined && { body }),
      });
    const said = async (answer: Promise<Answer>) => {
      const { status, text } = await answer;
      return `${status} ${(JSON.parse(text) as { errors: [{ message: string }] }).errors[0].message}`;
    };
    expect(await said(send('GET', 'nothing'))).toBe('404 there is nothing at this address');
    expect(await said(send('DELETE', 'garbage-collection'))).toBe('405 there is only GET, POST here');
    expect(await said(send('POST', 'openapi.json', '{}'))).toBe('405 there is only GET here');
    expect(await said(send('POST', 'undelete', '{'))).toBe('400 the body is not JSON');
    expect(await said(send('POST', 'undelete', '[]'))).toBe('400 the body must be a JSON object');
    expect(await said(send('POST', 'undelete', '{"repository": 5}'))).toBe(
      '400 the field "repository" must be a text',
    );
    expect(await said(send('POST', 'undelete', '{"repository": "a"}'))).toContain(
      'one of the fields "tag" and',
    );
    expect(await said(send('POST', 'undelete', '{"repository": "a", "tga": "v"}'))).toContain(
      'no field "tga"',
    );
    expect(await said(send('POST', 'undelete', '{"repository": "A", "tag": "v"}'))).toMatch(/^400 .*"A"/);
    expect(await said(send('POST', 'garbage-collection', '{"graceSeconds": -1}'))).toContain('whole number');
    expect(await said(send('GET', 'explain/blob'))).toBe('400 the query parameter "digest" is missing');
    expect(await said(send('GET', 'deleted?n=x'))).toContain('"n" must be a whole number');
    expect(await said(send('GET', 'deleted?repo=app'))).toBe(
      '400 there is no query parameter "repo" here; there is repository, n, after',
    );
    expect(await said(send('GET', 'deleted?after=x'))).toContain('"after" must be what an answer gave');
    expect(await said(send('GET', 'journal?tag=v'))).toBe('400 the query parameter "repository" is missing');
    const large = `{"repository": "${'a'.repeat(20_000)}"}`;
    expect(await said(send('POST', 'undelete', large))).toBe('400 the body is not JSON');
    // What a form or a script of another site can send without being allowed to.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      expect(await said(send('POST', 'garbage-collection', '{}', type))).toContain(
        'Content-Type: application/json',
      );
    }
  });

  it('has a document that names every route, and only those', async () => {
    const answer = await door.send('GET', '/api/v1/openapi.json');
    const { paths, info } = answer.json<ReturnType<typeof openApi>>();
    expect(info.version).not.toBe('');
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented).toEqual(API_ROUTES.map(({ method, path }) => `${method} /api/v1/${path}`));
    for (const route of documented) {
      const [method = '', path = ''] = route.split(' ');
      const { status } = await door.send(method, path, { headers: JSON_TYPE, body: '{"x": 1}' });
      // Nobody has an account there.
      expect(path.includes('/me/') ? [401] : [200, 400], route).toContain(status);
    }
  });
});

describe('who may use the admin API', () => {
  const ask = async (door: FrontDoor, headers: Record<string, string> = {}, token?: string) => {
    const answer = await door.send('GET', '/api/v1/deleted', { headers, token });
    return { status: answer.status, challenge: answer.headers['www-authenticate'] };
  };
  const basic = (name: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  });

  it('an administrator of the own token service, by password or by token', async () => {
    const config = [
      'auth:',
      '  builtin:',
      '    users:',
      '      boss: {password: $2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC}',
      '      dev: {password: $2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC}',
      '    acl:',
      '      - {match: {account: boss}, actions: ["*"]}',
      '      - {match: {account: dev, type: repository}, actions: ["*"]}',
    ].join('\n');
    const door = await openFrontDoor({ config });
    expect(await ask(door, basic('boss', 'badmin'))).toMatchObject({ status: 200 });
    // A browser would ask for a password by itself, and send it for other pages, too.
    expect(await ask(door, basic('boss', 'wrong'))).toEqual({ status: 401, challenge: undefined });
    expect(await ask(door, basic('dev', 'badmin'))).toEqual({ status: 401, challenge: undefined });
    expect(await ask(door, { authorization: 'Basic !' })).toMatchObject({ status: 401 });
    const anonymous = await ask(door);
    expect(anonymous.status).toBe(401);
    expect(anonymous.challenge).toContain('scope="registry:admin:*"');
    const admin = await door.token([{ type: 'registry', name: 'admin', actions: ['*'] }]);
    expect(await ask(door, {}, admin)).toMatchObject({ status: 200 });
    const catalog = await door.token([{ type: 'registry', name: 'catalog', actions: ['*'] }]);
    expect(await ask(door, {}, catalog)).toMatchObject({ status: 401 });
    const token = await door.send('GET', '/auth/token?scope=registry:admin:*', {
      headers: basic('boss', 'badmin'),
    });
    expect(await ask(door, {}, token.json<{ token: string }>().token)).toMatchObject({ status: 200 });
    expect((await door.send('GET', '/api/v1/openapi.json')).status).toBe(200);
    await door.close();
  });

  it('nobody changes anything in a registry that is read-only', async () => {
    const door = await openFrontDoor({ storage: '  maintenance: {readonly: {enabled: true}}' });
    const sent = { headers: JSON_TYPE, body: '{}' };
    expect((await door.send('POST', '/api/v1/garbage-collection', sent)).codes).toEqual(['UNSUPPORTED']);
    expect((await door.send('POST', '/api/v1/undelete', sent)).codes).toEqual(['UNSUPPORTED']);
    expect((await ask(door)).status).toBe(200);
    await door.close();
  });
});
