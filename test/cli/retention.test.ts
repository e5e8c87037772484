import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { digestOf, OCI_CONFIG, OCI_IMAGE, OCI_LAYER } from '../support/oci-content.ts';

interface DryRun {
  readonly repositories: readonly {
    readonly repository: string;
    readonly match: string;
    readonly tags: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly totals: { readonly removedTags: number; readonly freedBytes: number };
}

describe('berth retention', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.clear());

  const config = (name: string, rules: string): string => {
    const text = `version: 0.1
storage: {filesystem: {rootdirectory: data}, maintenance: {keepdeleted: 0s}}
http: {addr: "127.0.0.1:0"}
${rules}
`;
    writeFileSync(join(place.folder, name), text);
    return name;
  };

  const pushBlob = async (url: string, repository: string, content: string) => {
    const digest = digestOf(content);
    const target = `${url}/v2/${repository}/blobs/uploads/?digest=${digest}`;
    const answer = await fetch(target, { method: 'POST', body: content });
    expect(answer.status).toBe(201);
    return { digest, size: content.length };
  };

  const push = async (url: string, repository: string, tag: string, layer: string): Promise<void> => {
    const body = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: OCI_IMAGE },
      config: { mediaType: OCI_CONFIG, ...(await pushBlob(url, repository, '{}')) },
      layers: [{ mediaType: OCI_LAYER, ...(await pushBlob(url, repository, layer)) }],
    });
    const headers = { 'content-type': OCI_IMAGE };
    const target = `${url}/v2/${repository}/manifests/${tag}`;
    expect((await fetch(target, { method: 'PUT', body, headers })).status).toBe(201);
  };

  it('says what it would do, does that beside a running registry, and frees what it said', {
    timeout: 90_000,
  }, async () => {
    const file = config(
      'config.yml',
      `repositories:
  - match: prod/**
    retention: {keepall: true}
  - match: "**"
    retention: {keeplast: 1, keepmatching: ["v*", latest]}`,
    );
    const { url } = await place.serve({}, [file]);
    for (const tag of ['one', 'two', 'latest', 'last']) await push(url, 'ci/app', tag, `layer of ${tag}`);
    await push(url, 'prod/app', 'one', 'layer of one');

    const plain = await place.run(['retention', file, '--dry-run', '--grace', '0s']);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toContain('ci/app\tby the entry for **\n');
    expect(plain.stdout).toContain('ci/app:last\tkeep\tkeeplast\tamong the last 1\n');
    expect(plain.stdout).toContain('ci/app:latest\tkeep\tkeepmatching\tlatest fits it\n');
    expect(plain.stdout).toMatch(/ci\/app:two\tremove\t12 bytes\tnot among the last 1, but number 3; fitted/);
    expect(plain.stdout).toContain('2 tags and 2 manifests would go, 3 tags stay.');
    expect(plain.stdout).toContain('would free 12 bytes');

    const young = await place.run(['retention', file, '-d']);
    expect(young.stdout).toContain('ci/app:two\tkeep\tgrace\tpushed less than 1 hour ago\n');
    const later = await place.run(['retention', file, '-d', '--json', '--at', '2h']);
    const forecast = JSON.parse(later.stdout) as DryRun;
    expect(forecast.totals).toMatchObject({ removedTags: 2, freedBytes: 12 });
    expect(forecast.repositories.map(({ repository, match }) => [repository, match])).toEqual([
      ['ci/app', '**'],
      ['prod/app', 'prod/**'],
    ]);
    expect(forecast.repositories[0]?.tags.find(({ tag }) => tag === 'two')).toMatchObject({
      ...{ keep: false, rule: 'none', pulled: null, manifests: 1, freedBytes: 12 },
    });

    const before = await place.run(['retention', file, '-d', '--at=-1h']);
    expect(before).toMatchObject({ code: 0, stdout: expect.stringContaining('0 tags would have gone, 0') });

    const done = await place.run(['retention', file, '--grace', '0s']);
    expect(done.stdout).toBe(
      'ci/app:one\tremoved\nci/app:two\tremoved\nRemoved 2 tags and 2 manifests in 2 repositories.\n',
    );
    const tags = (await (await fetch(`${url}/v2/ci/app/tags/list`)).json()) as { tags: string[] };
    expect(tags.tags).toEqual(['last', 'latest']);
    const collected = await place.run(['garbage-collect', file, '--grace', '0s']);
    expect(collected.stdout).toContain('Freed 12 bytes.');
    // Another repository has the layer, too.
    expect((await fetch(`${url}/v2/prod/app/blobs/${digestOf('layer of one')}`)).status).toBe(200);
  });

  it('says what is wrong with what it is told', { timeout: 60_000 }, async () => {
    const { process } = await place.serve({}, [config('none.yml', '')]);
    await process.stop();
    const [none, at, when, grace, empty] = await Promise.all([
      place.run(['retention', 'none.yml']),
      place.run(['retention', 'none.yml', '--at', '1h']),
      place.run(['retention', 'none.yml', '-d', '--at', 'tomorrow']),
      place.run(['retention', 'none.yml', '--grace', 'long']),
      place.run(['retention', config('empty.yml', 'repositories: [{match: a, retention: {}}]')]),
    ]);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('there are no rules') });
    expect(at).toMatchObject({ code: 1, stderr: expect.stringContaining('--at goes with --dry-run') });
    expect(when).toMatchObject({ code: 1, stderr: expect.stringContaining('--at "tomorrow" is no') });
    expect(grace).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--grace "long" is no duration'),
    });
    expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining('keeps no tag at all') });
  });
});
