import { describe, expect, it } from 'vitest';
import { type CheckOptions, checkRegistryTree } from './check.ts';
import { formatPlace } from './config-error.ts';
import { parseRegistryTree, readRegistryTree } from './distribution.ts';

const NOTHING = { canRead: () => false, isFolder: () => false };

interface Line {
  readonly verdict: string;
  readonly key: string;
  readonly place: string;
  readonly notes: string;
  readonly needsAction: boolean;
}

function check(yaml: string, env: Record<string, string> = {}, options: CheckOptions = {}): readonly Line[] {
  const text = `version: 0.1\nstorage: {filesystem: {rootdirectory: /srv}}\nhttp: {addr: ":5000"}\n${yaml}`;
  const tree = parseRegistryTree(text, 'f', env);
  return checkRegistryTree(tree, { machine: NOTHING, ...options }).findings.map((finding) => ({
    ...finding,
    place: formatPlace(finding.place),
    notes: finding.notes.join('; '),
  }));
}

const about = (lines: readonly Line[], key: string): Line | undefined =>
  lines.find((line) => line.key === key);

describe('check-config', () => {
  it('gives each option a verdict at its own place', () => {
    const lines = check('log: {level: debug, fields: {a: b}}\n');
    expect(lines.map(({ key, place, verdict }) => [key, place, verdict])).toEqual([
      ['version', 'f:1:1', 'works-as-before'],
      ['storage.filesystem.rootdirectory', 'f:2:24', 'works-differently'],
      ['http.addr', 'f:3:8', 'works-as-before'],
      ['log.level', 'f:4:7', 'works-as-before'],
      ['log.fields.a', 'f:4:30', 'works-as-before'],
    ]);
  });

  it('names what stands in a variable, each option of a section', () => {
    const lines = check('', { REGISTRY_PROXY: '{remoteurl: https://example.com, username: me}' });
    expect(
      lines.filter(({ place }) => place === 'REGISTRY_PROXY').map(({ key, verdict }) => [key, verdict]),
    ).toEqual([
      ['proxy.remoteurl', 'not-supported'],
      ['proxy.username', 'not-supported'],
    ]);
  });

  it('keeps a section that is switched off out of what must be changed', () => {
    const lines = check('proxy: {remoteurl: ""}\n');
    expect(about(lines, 'proxy.remoteurl')).toMatchObject({ verdict: 'works-as-before', needsAction: false });
  });

  it('refuses a folder in the place of a file, as in the configuration that Debian installs', () => {
    const lines = check(
      'auth: {htpasswd: {realm: basic-realm, path: /etc/docker/registry}}\n',
      {},
      { machine: { canRead: () => true, isFolder: () => true } },
    );
    expect(about(lines, 'auth.htpasswd.path')).toMatchObject({
      verdict: 'not-supported',
      notes: '/etc/docker/registry is a folder; write the path of a file',
      needsAction: true,
    });
  });

  it('tells what is missing, too', () => {
    const lines = check('auth: {token: {realm: r, service: s, rootcertbundle: /b.pem}}\n');
    expect(about(lines, 'auth.token')).toMatchObject({
      verdict: 'not-supported',
      notes: '"auth.token.issuer" is required',
    });
    expect(about(lines, 'auth.token.realm')).toMatchObject({ verdict: 'works-as-before' });
    const noKeys = check('auth: {token: {realm: r, service: s, issuer: i}}\n');
    expect(about(noKeys, 'auth.token')).toMatchObject({
      verdict: 'not-supported',
      notes: '"auth.token" needs keys that may sign tokens: write rootcertbundle, jwks, or both',
    });
  });

  it('reports every variable that is no YAML, and goes on', () => {
    const lines = check('', { REGISTRY_LOG_FIELDS: '{', REGISTRY_LOG_LEVEL: 'debug' });
    expect(lines.find(({ place }) => place === 'REGISTRY_LOG_FIELDS')).toMatchObject({
      verdict: 'not-supported',
    });
    expect(about(lines, 'log.level')).toMatchObject({ verdict: 'works-as-before' });
  });

  it('says what the environment replaces', () => {
    const lines = check('', { REGISTRY_HTTP_ADDR: ':443', REGISTRY_STORAGE: 'inmemory' });
    expect(
      lines.filter(({ notes }) => notes.startsWith('replaced')).map(({ key, notes }) => [key, notes]),
    ).toEqual([
      ['storage.filesystem.rootdirectory', 'replaced by REGISTRY_STORAGE'],
      ['http.addr', 'replaced by REGISTRY_HTTP_ADDR'],
    ]);
  });

  it('a key of registry:3 is to be decided for who comes from registry:2, and is none for who comes from 3', () => {
    const tags = (from?: 2 | 3): Line | undefined =>
      about(check('tags: {maxtags: 5}\n', {}, { from }), 'tags.maxtags');
    expect(tags()).toMatchObject({ verdict: 'works-differently', needsAction: false });
    expect(tags(2)).toMatchObject({ verdict: 'works-differently', needsAction: true });
    expect(tags(3)).toMatchObject({ verdict: 'works-as-before', needsAction: false });
  });

  it('so is a variable with the number of an item of a list', () => {
    const env = { REGISTRY_HEALTH_TCPCHECKERS: '[{addr: "a:1"}]' };
    const lines = check('', { ...env, REGISTRY_HEALTH_TCPCHECKERS_0_THRESHOLD: '2' }, { from: 2 });
    expect(about(lines, 'health.tcp[0].threshold')).toMatchObject({ needsAction: true });
    expect(about(lines, 'health.tcp[0].addr')).toMatchObject({ needsAction: false });
  });

  it("a key of Berth's own is said to be one, and is nothing to decide wherever somebody comes from", () => {
    const yaml =
      'auth: {htpasswd: {realm: r, path: p, anonymous: pull}}\nvalidation: {manifests: {blobs: none}}\n';
    const env = { REGISTRY_HTTP_TRUSTEDPROXIES: '[10.0.0.0/8]' };
    for (const from of [undefined, 2, 3] as const) {
      const lines = check(yaml, env, { from });
      for (const key of ['auth.htpasswd.anonymous', 'http.trustedproxies', 'validation.manifests.blobs']) {
        expect(about(lines, key)).toMatchObject({
          verdict: 'works-differently',
          notes: "a key of Berth's own, which registry:2 and registry:3 do not have",
          needsAction: false,
        });
      }
    }
  });

  it('a variable into a section of maintenance that the file has is to be decided: the originals ignore it', () => {
    const tree = (file: string, env: Record<string, string>): boolean =>
      checkRegistryTree(
        parseRegistryTree(
          `version: 0.1\nhttp: {addr: ":5000"}\nstorage: {filesystem: {}, maintenance: {${file}}}`,
          'f',
          env,
        ),
        { machine: NOTHING },
      ).findings.some(
        ({ needsAction, key }) => needsAction && key === 'storage.maintenance.readonly.enabled',
      );
    const name = 'REGISTRY_STORAGE_MAINTENANCE_READONLY';
    expect(tree('readonly: {enabled: false}', { [`${name}_ENABLED`]: 'true' })).toBe(true);
    expect(tree('', { [name]: '{}', [`${name}_ENABLED`]: 'true' })).toBe(true);
    // The originals do not start with the first of these, and obey the second.
    expect(tree('', { [`${name}_ENABLED`]: 'true' })).toBe(false);
    expect(tree('readonly: {enabled: false}', { [name]: '{enabled: true}' })).toBe(false);
  });

  it('a file that cannot be read here is said, and is no failure: it may be there on the other machine', () => {
    const [line] = check('', {
      REGISTRY_HTTP_TLS: '{certificate: /none.pem, key: /none.key}',
    }).filter(({ key }) => key === 'http.tls.certificate');
    expect(line).toMatchObject({
      needsAction: false,
      notes: 'a changed file is in use within seconds, without a restart; /none.pem cannot be read here',
    });
  });

  it('without a file, only what somebody set is an option', () => {
    const { findings } = checkRegistryTree(readRegistryTree({ env: { REGISTRY_HTTP_ADDR: ':1' } }), {
      machine: NOTHING,
    });
    expect(findings.map(({ key }) => key)).toEqual(['http.addr']);
  });
});
