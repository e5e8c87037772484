import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkRegistryConfig } from './check.ts';
import { loadRegistryConfig } from './distribution.ts';
import { findConfiguration } from './search-path.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-search-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, addr: string): string {
  const file = join(folder, name);
  writeFileSync(file, `version: 0.1\nstorage: inmemory\nhttp: {addr: ${addr}}\n`);
  return file;
}

describe('where the configuration is looked for', () => {
  const three = write('three.yml', '127.0.0.1:3');
  const two = write('two.yml', '127.0.0.1:2');
  const named = write('named.yml', '127.0.0.1:1');
  const none = join(folder, 'none.yml');
  const searchPaths = [none, three, two];

  it('the command line comes first, then REGISTRY_CONFIGURATION_PATH, then the search path', () => {
    const env = { REGISTRY_CONFIGURATION_PATH: two };
    expect(findConfiguration({ file: named, env, searchPaths }).file).toBe(named);
    expect(findConfiguration({ env, searchPaths }).file).toBe(two);
    expect(findConfiguration({ env: {}, searchPaths })).toEqual({ file: three, passedOver: [two] });
    expect(findConfiguration({ env: { REGISTRY_CONFIGURATION_PATH: '' }, searchPaths }).file).toBe(three);
  });

  it('without any of them there is no file', () => {
    expect(findConfiguration({ env: {} })).toEqual({ file: undefined, passedOver: [] });
    expect(findConfiguration({ env: {}, searchPaths: [none] }).file).toBeUndefined();
  });

  it('says which file was read, and which was not', () => {
    const loaded = loadRegistryConfig({ env: {}, searchPaths });
    expect([loaded.file, loaded.config.http.addr]).toEqual([three, '127.0.0.1:3']);
    expect(loaded.notices).toEqual([`${two} is not read, since there is ${three}`]);
    expect(loadRegistryConfig({ env: {} }).file).toBeUndefined();
  });

  it('two files are something to decide', () => {
    const { findings } = checkRegistryConfig({ env: {}, searchPaths });
    expect(findings.filter(({ needsAction }) => needsAction).map(({ place }) => place)).toEqual([
      { kind: 'whole-file', file: two },
    ]);
  });

  it('a named file that is not there is an error, and nothing else is taken', () => {
    expect(() => loadRegistryConfig({ file: none, env: {}, searchPaths })).toThrow('there is no such file');
  });
});
