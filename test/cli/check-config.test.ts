import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchPathsOf } from '../../src/cli/configuration.ts';
import { Workplace } from '../support/berth-process.ts';

/* `berth check-config` as a process, and where `berth serve` takes its configuration and its folder from. */

const PLAIN = 'version: 0.1\nstorage: {filesystem: {rootdirectory: ./images}}\nhttp: {addr: 127.0.0.1:0}\n';

describe('berth check-config', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'plain.yml'), PLAIN);
    writeFileSync(join(place.folder, 'proxy.yml'), `${PLAIN}proxy: {remoteurl: https://example.com}\n`);
    writeFileSync(join(place.folder, 'tab.yml'), 'version: 0.1\n\tstorage: x\n');
  });
  afterAll(() => place.clear());

  it('exit code 0: nothing changes its meaning; the text is plain', { timeout: 20_000 }, async () => {
    const { code, stdout, stderr } = await place.run(['check-config', 'plain.yml'], {
      env: { REGISTRY_LOG_LEVEL: 'debug', FORCE_COLOR: '1' },
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('REGISTRY_LOG_LEVEL  log.level');
    expect(stdout).toMatch(/^Not supported: 0\. Works differently: 1\. Works as before: 3\./m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the start of a colour
    expect(stdout).not.toMatch(/\u001b/);
  });

  it('exit code 1: something must be changed, with its place', { timeout: 20_000 }, async () => {
    const { code, stdout } = await place.run(['check-config', 'proxy.yml']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/proxy\.yml:4:9 +proxy\.remoteurl\n +"proxy" is not supported/);
  });

  it('exit code 2: it cannot be read', { timeout: 20_000 }, async () => {
    const [missing, tab] = await Promise.all([
      place.run(['check-config', 'none.yml']),
      place.run(['check-config', 'tab.yml']),
    ]);
    expect([missing.code, missing.stdout, tab.code]).toEqual([2, '', 2]);
    expect(missing.stderr).toBe('berth: none.yml: cannot be read: there is no such file\n');
    expect(tab.stderr).toMatch(/tab\.yml:2:/);
  });

  it('variables with names that no shell can write arrive, in their order', { timeout: 20_000 }, async () => {
    const { stdout } = await place.run(['check-config', 'plain.yml'], {
      env: { 'REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS': '[DENY, "a=b"]', REGISTRY_HTTP_HEADERS: '{X-A: [b]}' },
    });
    expect(stdout).toMatch(/REGISTRY_HTTP_HEADERS +http\.headers\.X-A\n/);
    expect(stdout).toMatch(/REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS +http\.headers\.x-frame-options\n/);
    expect(stdout).not.toContain('ODD');
  });

  it('--strict, --from and --json', { timeout: 20_000 }, async () => {
    const env = { REGISTRY_CONFIGURATION_PATH: 'plain.yml', REGISTRY_TAGS_MAXTAGS: '5' };
    const [strict, from, json, wrong] = await Promise.all([
      place.run(['check-config', '--strict'], { env }),
      place.run(['check-config', '--from', '2'], { env }),
      place.run(['check-config', '--json'], { env }),
      place.run(['check-config', '--from', '4'], { env }),
    ]);
    expect([strict.code, from.code, json.code]).toEqual([1, 1, 0]);
    const { file, options } = JSON.parse(json.stdout);
    expect(file).toBe('plain.yml');
    expect(options).toContainEqual({
      key: 'tags.maxtags',
      place: 'REGISTRY_TAGS_MAXTAGS',
      verdict: 'works-differently',
      notes: ['registry:2 ignores it; Berth does as registry:3'],
      needsAction: false,
    });
    expect(wrong.stderr).toContain('it is 2 or 3');
  });
});

describe('berth serve', () => {
  it('names the file that it took', { timeout: 20_000 }, async () => {
    const place = new Workplace();
    writeFileSync(join(place.folder, 'plain.yml'), PLAIN);
    const { process } = await place.serve({}, ['plain.yml']);
    expect(process.stdout).toContain(`(configuration: plain.yml, data: ${join(place.folder, 'images')})`);
    await place.clear();
  });

  it('storage: inmemory keeps its content in a folder that is gone after the stop', {
    timeout: 20_000,
  }, async () => {
    const place = new Workplace();
    const { process, url } = await place.serve({ REGISTRY_STORAGE: 'inmemory', REGISTRY_AUTH: 'none' });
    const folder = /data: (\S+)\)/.exec(process.stdout)?.[1] ?? '';
    expect(folder).toContain('berth-inmemory-');
    const upload = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect([upload.status, existsSync(folder)]).toEqual([202, true]);
    expect((await process.stop()).code).toBe(0);
    expect(existsSync(folder)).toBe(false);
    const user = await place.run(['user', 'list'], { env: { REGISTRY_STORAGE: 'inmemory' } });
    expect([user.code, user.stderr]).toEqual([
      1,
      'berth: with storage: inmemory, only the running registry knows its data\n',
    ]);
    await place.clear();
  });

  it('looks into /etc only under the name of the program that it stands in for', () => {
    expect(searchPathsOf('berth')).toEqual([]);
    expect(searchPathsOf('registry')).toEqual([
      '/etc/distribution/config.yml',
      '/etc/docker/registry/config.yml',
    ]);
  });

  it('a link called registry is that program', { timeout: 20_000 }, async () => {
    const place = new Workplace();
    const link = join(place.folder, 'registry');
    symlinkSync(resolve(import.meta.dirname, '../../bin/berth'), link);
    const { code, stdout } = await place.run(['--help'], {}, link);
    expect([code, stdout.split('\n', 1)]).toEqual([0, ['Usage: registry [options] [command]']]);
    await place.clear();
  });
});
