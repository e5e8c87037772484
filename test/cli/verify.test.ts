import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* `berth verify` and `berth quarantine` as processes, beside a registry that runs. */

const CONFIG = [
  'version: 0.1',
  'storage: {filesystem: {rootdirectory: registry}, delete: {enabled: true}}',
  'http: {addr: 127.0.0.1:0}',
].join('\n');
const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MISSING = 'its bytes are missing';

/** Content that the process is reading. */
function openContent(pid = 0): string[] {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).includes('/registry/content/');
    } catch {
      // Closed since it was listed.
      return false;
    }
  });
}

describe('berth verify', () => {
  let place: Workplace;
  let url: string;
  beforeAll(async () => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'config.yml'), CONFIG);
    ({ url } = await place.serve({}, ['config.yml']));
  });
  afterAll(() => place.clear());

  const sha256 = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

  const push = async (content: string): Promise<string> => {
    const digest = sha256(content);
    const path = `${url}/v2/app/blobs/uploads/?digest=${digest}`;
    expect((await fetch(path, { method: 'POST', body: content })).status).toBe(201);
    return digest;
  };

  const pushImage = async (tag: string, content: string): Promise<string> => {
    const digest = await push(content);
    const blob = { mediaType: 'application/octet-stream', digest, size: content.length };
    const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config: blob, layers: [blob] });
    const options = { method: 'PUT', body, headers: { 'content-type': TYPE } };
    expect((await fetch(`${url}/v2/app/manifests/${tag}`, options)).status).toBe(201);
    return sha256(body);
  };

  const status = async (digest: string, method = 'GET'): Promise<number> => {
    const answer = await fetch(`${url}/v2/app/blobs/${digest}`, { method });
    await answer.arrayBuffer();
    return answer.status;
  };

  const files = (): string[] =>
    readdirSync(join(place.folder, 'registry/content'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  const fileWith = (content: string): string => {
    const found = files().find((file) => readFileSync(file, 'utf8') === content);
    if (found === undefined) throw new Error(`no file holds ${content}`);
    return found;
  };

  const verify = (...args: string[]) => place.run(['verify', '--bandwidth', '0', ...args, 'config.yml']);
  const quarantine = (...args: string[]) => place.run(['quarantine', ...args, '-c', 'config.yml']);

  it('finds nothing, finds damage, sets it aside, and a push heals it', { timeout: 60_000 }, async () => {
    const image = await pushImage('v1', 'the layer');
    const layer = sha256('the layer');
    const clean = await verify('--orphans');
    expect(clean).toMatchObject({ code: 0, stderr: '' });
    expect(clean.stdout).toBe(
      '1 blobs (9 bytes) and 1 manifests read, 1 repositories looked through: no damage\n' +
        'Nothing is stored that the index does not know.\n',
    );

    writeFileSync(fileWith('the layer'), 'the laser');
    const found = await verify();
    expect(found).toMatchObject({ code: 1, stderr: '' });
    const reason = `its bytes have the digest ${sha256('the laser')}`;
    expect(found.stdout).toContain(`blob ${layer} (in app): ${reason}\n`);
    expect(found.stdout).toContain('1 thing wrong\nNothing was changed; --quarantine sets aside');
    expect(await status(layer, 'HEAD')).toBe(200);

    const aside = await verify('--quarantine', '--json');
    expect(aside.code).toBe(1);
    expect(JSON.parse(aside.stdout)).toMatchObject({
      blobs: 1,
      manifests: 1,
      damaged: 2,
      quarantined: 1,
      isComplete: true,
      damage: [
        { kind: 'blob', digest: layer, repository: 'app', reason, quarantined: true },
        { kind: 'incomplete', repository: 'app', digest: image, missing: [layer] },
      ],
    });
    expect(await status(layer)).toBe(404);
    expect(await status(layer, 'HEAD')).toBe(404);
    const listed = await quarantine('list');
    expect(listed.stdout).toMatch(
      new RegExp(`^\\S+\tblob ${layer}\t9 bytes\t${reason}\twaits for a push\tcontent/\\S+\n$`),
    );
    expect(files()).toHaveLength(1);

    await push('the layer');
    expect(await status(layer)).toBe(200);
    expect(await verify()).toMatchObject({ code: 0 });
    const healed = await quarantine('list', '--json');
    expect(JSON.parse(healed.stdout)).toMatchObject([{ digest: layer, healedAtMs: expect.any(Number) }]);
    expect(await quarantine('discard', '--healed')).toMatchObject({
      code: 0,
      stdout: 'discarded the damaged bytes of 1\n',
    });
    expect(files()).toHaveLength(1);
    expect((await quarantine('list')).stdout).toBe('The quarantine is empty.\n');
  });

  it('tells of what the index does not know, which is no damage', { timeout: 30_000 }, async () => {
    const name = '0123456789abcdef0123456789abcdef';
    const folder = join(place.folder, 'registry/content/01');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), 'left over');
    const { code, stdout } = await verify('--orphans', '-q');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `unknown to the index: content/01/${name} (9 bytes)\n`,
    });
    rmSync(join(folder, name));
  });

  it('gives up damaged bytes and still waits for the push', { timeout: 30_000 }, async () => {
    await pushImage('v2', 'another');
    const digest = sha256('another');
    rmSync(fileWith('another'));
    expect((await verify('--quarantine', '-q')).stdout).toContain(
      `blob ${digest} (in app): ${MISSING}; quar`,
    );
    expect(await quarantine('discard', digest)).toMatchObject({ code: 0 });
    expect((await quarantine('list')).stdout).toContain('waits for a push\n');
    expect(await status(digest)).toBe(404);
    await push('another');
    expect(await status(digest)).toBe(200);
    expect((await verify('-q')).code).toBe(0);
  });

  it('is stopped by a signal and says where it goes on', { timeout: 30_000 }, async () => {
    const content = 'x'.repeat(3_000_000);
    const digest = await push(content);
    const slow = place.start([
      'verify',
      '--bandwidth',
      '1kB/s',
      '--after',
      'sha256:'.padEnd(71, '0'),
      'config.yml',
    ]);
    await vi.waitFor(() => expect(openContent(slow.child.pid)).not.toEqual([]), { timeout: 20_000 });
    const { code, stderr } = await slow.stop();
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /stopped before the end; \S+ verify --after sha256:[a-f0-9]{64} goes on from there/,
    );
    const after = /--after (\S+)/.exec(stderr)?.[1] ?? '';
    expect(await verify('--after', after)).toMatchObject({ code: 0 });
    await fetch(`${url}/v2/app/blobs/${digest}`, { method: 'DELETE' });
  });

  it('says what is wrong, with another code than for damage', { timeout: 30_000 }, async () => {
    const [bandwidth, after, folder, unknown, nothing] = await Promise.all([
      place.run(['verify', '--bandwidth', 'fast', 'config.yml']),
      verify('--after', 'sha256:1'),
      place.run(['verify']),
      quarantine('discard', sha256('never there')),
      quarantine('discard'),
    ]);
    expect(bandwidth).toMatchObject({ code: 2, stdout: '' });
    expect(bandwidth.stderr).toContain('--bandwidth "fast" is none; write it like 50MB/s');
    expect(after.code).toBe(2);
    expect(after.stderr).toContain('--after "sha256:1" is no digest');
    expect(folder.code).toBe(2);
    expect(folder.stderr).toMatch(/there is no data folder of a registry at \S+data;/);
    expect(unknown).toMatchObject({
      code: 1,
      stderr: `berth: not in quarantine: ${sha256('never there')}\n`,
    });
    expect(nothing.stderr).toContain('name digests, or write --healed');
  });
});
