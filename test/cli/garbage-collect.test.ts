import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* `berth garbage-collect` as a process, beside a registry that runs. */

const CONFIG = [
  'version: 0.1',
  'storage: {filesystem: {rootdirectory: registry}, delete: {enabled: true}, maintenance: {keepdeleted: 0}}',
  'http: {addr: 127.0.0.1:0}',
].join('\n');
const TYPE = 'application/vnd.oci.image.manifest.v1+json';

describe('berth garbage-collect', () => {
  let place: Workplace;
  let url: string;
  beforeAll(async () => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'config.yml'), CONFIG);
    ({ url } = await place.serve({}, ['config.yml']));
  });
  afterAll(() => place.clear());

  const sha256 = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

  const push = async (content: string): Promise<{ mediaType: string; digest: string; size: number }> => {
    const digest = sha256(content);
    const answer = await fetch(`${url}/v2/app/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      body: content,
    });
    expect(answer.status).toBe(201);
    return { mediaType: 'application/octet-stream', digest, size: content.length };
  };

  const pushImage = async (tag: string, content: string): Promise<string> => {
    const blob = await push(content);
    const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config: blob, layers: [blob] });
    const options = { method: 'PUT', body, headers: { 'content-type': TYPE } };
    expect((await fetch(`${url}/v2/app/manifests/${tag}`, options)).status).toBe(201);
    return sha256(body);
  };

  const status = async (path: string): Promise<number> => {
    const answer = await fetch(`${url}/v2/app/${path}`, { headers: { accept: TYPE } });
    await answer.arrayBuffer();
    return answer.status;
  };

  const files = (): string[] =>
    readdirSync(join(place.folder, 'registry/content'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);

  const collect = (...args: string[]) => place.run(['garbage-collect', ...args, 'config.yml']);

  it('tells, takes and frees what it says, and nothing in a dry run', { timeout: 30_000 }, async () => {
    const first = await pushImage('moving', 'one');
    const last = await pushImage('moving', 'two');
    const stray = await push('stray');
    expect(files()).toHaveLength(3);

    const young = await collect('-m', '-d');
    expect(young).toMatchObject({ code: 0, stderr: '' });
    expect(young.stdout).toContain('3 blobs marked, 0 blobs and 0 manifests eligible for deletion');

    const planned = await collect('--dry-run=true', '--delete-untagged=true', '--grace', '0');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout.split('\n')).toEqual([
      'app',
      `app: manifest eligible for deletion: ${first}`,
      ...[sha256('one'), stray.digest]
        .toSorted()
        .map((digest) => `app: layer link eligible for deletion: ${digest}`),
      ...[
        [sha256('one'), '3 bytes'],
        [stray.digest, '5 bytes'],
      ]
        .toSorted()
        .map(([digest, size]) => `blob eligible for deletion: ${digest} (${size})`),
      '',
      '1 blobs marked, 2 blobs and 1 manifests eligible for deletion',
      'Without --dry-run this would free 8 bytes. Nothing was changed.',
      '',
    ]);
    expect(await status(`manifests/${first}`)).toBe(200);
    expect(await status(`blobs/${stray.digest}`)).toBe(200);
    expect(files()).toHaveLength(3);

    expect(await collect('-q', '--grace', '0')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(await status(`blobs/${stray.digest}`)).toBe(404);
    expect(await status(`manifests/${first}`)).toBe(200);
    expect(files()).toHaveLength(2);

    const done = await collect('-m', '--grace=0s');
    expect(done.stdout).toContain(
      '1 blobs marked, 1 blobs and 1 manifests eligible for deletion\nFreed 3 bytes.\n',
    );
    expect(await status(`manifests/${first}`)).toBe(404);
    expect(await status(`manifests/${last}`)).toBe(200);
    expect(await status(`blobs/${sha256('two')}`)).toBe(200);
    expect(files()).toHaveLength(1);
  });

  it('says what is wrong', { timeout: 20_000 }, async () => {
    const [duration, folder, option] = await Promise.all([
      collect('--grace', 'soon'),
      place.run(['garbage-collect']),
      collect('--delete-untagged=perhaps'),
    ]);
    expect(duration).toMatchObject({ code: 1, stdout: '' });
    expect(duration.stderr).toContain('--grace "soon" is no duration; write it like 1h, 30m or 0');
    expect(folder.code).toBe(1);
    expect(folder.stderr).toMatch(/there is no data folder of a registry at \S+data;/);
    expect(option.code).toBe(1);
    expect(option.stderr).toContain('--delete-untagged=perhaps');
  });
});
