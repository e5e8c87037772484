import { describe, expect, it } from 'vitest';
import { ConfigDocument } from './document.ts';
import { parseYaml } from './yaml.ts';

const TEXT = `auth:
  builtin:
    acl:
      - match: {account: "["}
        actions: []
`;

describe('ConfigDocument', () => {
  const document = new ConfigDocument(parseYaml(TEXT, { file: 'config.yml' }));

  it.each<[(string | number)[], string]>([
    [['auth', 'builtin', 'acl', 0, 'match', 'account'], 'config.yml:4:26: x'],
    [['auth', 'builtin', 'acl', 0], 'config.yml:4:9: x'],
    [['auth', 'builtin'], 'config.yml:2:3: x'],
    [['auth', 'builtin', 'token', 'key'], 'config.yml:2:3: x'],
    [['nowhere'], 'config.yml:1:1: x'],
    [['auth', 'builtin', 'acl', 7], 'config.yml:3:5: x'],
  ])('%j', (path, message) => {
    expect(document.errorAt(path, 'x').message).toBe(message);
  });

  it('can be narrowed to one dialect inside the other', () => {
    const inner = document.scope(['auth', 'builtin']);
    expect(inner.describe(['acl', 0, 'match', 'account'])).toBe('config.yml:4:26');
    expect(document.scope(['auth', 'token']).describe(['realm'])).toBe('config.yml:1:1');
  });
});
