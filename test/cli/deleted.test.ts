import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openState } from '../../src/cli/state.ts';
import { Workplace } from '../support/berth-process.ts';

/* `berth deleted`, `berth undelete` and `berth explain` as processes, beside a registry that runs. */

const CONFIG = [
  'version: 0.1',
  'storage: {filesystem: {rootdirectory: registry}, delete: {enabled: true}}',
  'http: {addr: 127.0.0.1:0}',
  'repositories: [{match: "**", immutabletags: ["fixed*"]}]',
  'notifications: {endpoints: [{name: hook, url: "http://127.0.0.1:1/", threshold: 1}]}',
].join('\n');
const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

describe('what was deleted', () => {
  let place: Workplace;
  let url: string;
  beforeAll(async () => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'config.yml'), CONFIG);
    ({ url } = await place.serve({}, ['config.yml']));
  });
  afterAll(() => place.clear());

  const sha256 = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const send = async (method: string, path: string, body?: string): Promise<number> => {
    const headers = { 'content-type': TYPE, accept: TYPE };
    const answer = await fetch(`${url}/v2/team/app/${path}`, { method, headers, ...(body && { body }) });
    await answer.arrayBuffer();
    return answer.status;
  };
  const pushImage = async (tag: string, content: string): Promise<string> => {
    const digest = sha256(content);
    expect(await send('POST', `blobs/uploads/?digest=${digest}`, content)).toBe(201);
    const blob = { mediaType: 'application/octet-stream', digest, size: content.length };
    const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config: blob, layers: [blob] });
    expect(await send('PUT', `manifests/${tag}`, body)).toBe(201);
    return sha256(body);
  };
  const berth = async (...args: string[]) => {
    const { code, stdout, stderr } = await place.run([...args, '-c', 'config.yml']);
    return { code, stdout, stderr };
  };

  it('is listed, explained and brought back', { timeout: 60_000 }, async () => {
    expect(await berth('deleted')).toEqual({
      ...{ code: 0, stdout: 'nothing that was deleted is kept\n', stderr: '' },
    });
    const first = await pushImage('v1', 'one');
    const second = await pushImage('v1', 'two');
    expect(await send('DELETE', `manifests/${second}`)).toBe(202);
    const listed = await berth('deleted', 'team/app');
    expect(listed.code).toBe(0);
    const lines = listed.stdout.trim().split('\n');
    const kept = `; kept until ${TIME}$`;
    expect(lines).toEqual([
      expect.stringMatching(`^${TIME}  team/app:v1 -> ${second}  deleted by a client${kept}`),
      expect.stringMatching(`^${TIME}  team/app@${second}  deleted by a client${kept}`),
      expect.stringMatching(`^${TIME}  team/app:v1 -> ${first}  moved by a push, to ${second}${kept}`),
    ]);
    const blob = await berth('explain', 'blob', sha256('two'));
    expect(blob.stdout).toMatch(
      new RegExp(
        `^blob ${sha256('two')} \\(3 bytes\\) is deleted, and kept to be brought back\n` +
          `  young for garbage collection until ${TIME}\n` +
          `  needed by the deleted manifest ${second}\n  kept until ${TIME}\n$`,
      ),
    );
    const tag = await berth('explain', 'tag', 'team/app:v1');
    expect(tag.stdout).toMatch(/^tag team\/app:v1 is deleted, and kept to be brought back\n/);
    expect(tag.stdout).toContain(`the tag was removed, from ${second}: deleted by a client`);

    // Collections leave it.
    await place.run(['garbage-collect', '-m', '-q', '--grace', '0', 'config.yml']);
    const back = await berth('undelete', 'team/app:v1');
    expect(back.stdout).toBe(`team/app@${second} is back\nteam/app:v1 is back\n`);
    expect(await send('GET', 'manifests/v1')).toBe(200);
    expect(await send('GET', `blobs/${sha256('two')}`)).toBe(200);
    const manifest = await berth('explain', 'manifest', `team/app@${second}`);
    expect(manifest.stdout).toContain('is kept\n  kept by the tag team/app:v1\n');

    const inUse = await berth('undelete', 'team/app:v1');
    expect(inUse).toMatchObject({ code: 1, stdout: '' });
    expect(inUse.stderr).toContain(`points to ${second} by now`);
    expect(inUse.stderr).toContain('--move moves it, --no-tags leaves it');
    expect((await berth('undelete', '--move', '--json', 'team/app:v1')).stdout).toContain(
      `"digest":"${first}"`,
    );
  });

  it('is told to endpoints, and moves no immutable tag', { timeout: 60_000 }, async () => {
    const first = await pushImage('told', 'four');
    expect(await send('DELETE', `manifests/${first}`)).toBe(202);
    expect((await berth('undelete', 'team/app:told')).code).toBe(0);
    const told = await place.run(['events', 'list', '--limit', '1', '-c', 'config.yml']);
    expect(told.stdout).toMatch(/\thook\tpending\tpush\tteam\/app:told\t/);

    const old = await pushImage('told', 'five');
    const body = await (
      await fetch(`${url}/v2/team/app/manifests/${old}`, { headers: { accept: TYPE } })
    ).text();
    expect(await send('PUT', 'manifests/fixed', body)).toBe(201);
    const state = await openState(join(place.folder, 'registry'));
    await state.index.manifests.remove('team/app' as never, old as never, '', Date.now());
    await state.index.close();
    const current = await pushImage('fixed', 'six');
    const refused = await berth('undelete', '--move', 'team/app:fixed');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`the tag "fixed" is immutable here and stays at ${current}`);
    expect(refused.stderr).toContain('--no-tags');
    expect((await berth('undelete', '--no-tags', `team/app@${old}`)).code).toBe(0);
  });

  it('comes back with a whole repository, and goes for good when it is told to', {
    timeout: 60_000,
  }, async () => {
    const digest = await pushImage('whole', 'three');
    expect(await send('DELETE', `manifests/${digest}`)).toBe(202);
    const back = await berth('undelete', 'team/app');
    expect(back.stdout).toContain(`team/app@${digest} is back\n`);
    expect(back.stdout).toContain('team/app:whole is back\n');
    expect(await send('DELETE', `manifests/${digest}`)).toBe(202);
    const collect = ['garbage-collect', '--grace', '0', '--keep-deleted', '0', 'config.yml'];
    const collected = await place.run(collect);
    expect(collected.stdout).toContain('deleted manifests can no longer be brought back\nFreed ');
    const gone = await berth('undelete', `team/app@${digest}`);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('is not among what was deleted and is still kept');
    expect((await berth('undelete', 'team/other')).stderr).toContain('nothing of team/other was deleted');
    const blob = await berth('explain', 'blob', '--json', sha256('three'));
    expect(JSON.parse(blob.stdout)).toMatchObject({
      fate: 'removed',
      removals: [{ kind: 'blob' }, { kind: 'link', repository: 'team/app' }],
    });
    expect((await berth('explain', 'manifest', `team/app@${digest}`)).stdout).toContain('was removed\n');
    expect((await berth('explain', 'blob', sha256('never'))).stdout).toBe(
      `blob ${sha256('never')} is not here; it never was, or it went before the journal begins\n`,
    );
  });

  it('says what is wrong', { timeout: 30_000 }, async () => {
    const [name, digest, tag, blob] = await Promise.all([
      berth('undelete', 'Team/App:v1'),
      berth('explain', 'manifest', 'team/app:v1'),
      berth('explain', 'tag', 'team/app'),
      berth('explain', 'blob', 'sha256:1'),
    ]);
    expect(name.stderr).toContain('"Team/App:v1" names nothing');
    expect(digest.stderr).toContain('names no manifest; write team/app@sha256:…');
    expect(tag.stderr).toContain('names no tag; write team/app:latest');
    expect(blob.stderr).toContain('write sha256: and 64 digits');
    for (const { code, stdout } of [name, digest, tag, blob])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
