import { describe, expect, it } from 'vitest';
import { ConfigError, configError, throwIfAny } from './config-error.ts';

describe('ConfigError', () => {
  it('says file, line and column, and carries them', () => {
    const error = configError({ kind: 'file', file: 'config.yml', line: 12, column: 5 }, 'no good');
    expect(error.message).toBe('config.yml:12:5: no good');
    expect(error).toMatchObject({ name: 'ConfigError', file: 'config.yml', line: 12, column: 5 });
    expect(error.variable).toBeUndefined();
  });

  it('names a variable in their place', () => {
    const error = configError({ kind: 'variable', variable: 'REGISTRY_HTTP_ADDR' }, 'no good');
    expect(error.message).toBe('REGISTRY_HTTP_ADDR: no good');
    expect(error).toMatchObject({ variable: 'REGISTRY_HTTP_ADDR', file: undefined, line: undefined });
  });

  it('keeps the cause', () => {
    const cause = new Error('below');
    expect(configError({ kind: 'built-in' }, 'no good', cause).cause).toBe(cause);
  });

  it('sorts problems: the file as a whole, its lines, variables', () => {
    const at = (line: number, column: number) =>
      ({ place: { kind: 'file', file: 'f', line, column }, message: 'x' }) as const;
    const problems = [
      { place: { kind: 'variable', variable: 'V' }, message: 'x' } as const,
      at(3, 1),
      at(2, 9),
      { place: { kind: 'whole-file', file: 'f' }, message: 'x' } as const,
      at(2, 1),
    ];
    expect(() => throwIfAny(problems)).toThrow(new ConfigError([at(9, 9)]).constructor);
    expect(() => throwIfAny(problems)).toThrow(/^f: x\nf:2:1: x\nf:2:9: x\nf:3:1: x\nV: x$/);
    expect(() => throwIfAny([])).not.toThrow();
  });
});
