import { describe, expect, it } from 'vitest';
import { plainSwitches } from './go-flags.ts';

const plain = (...args: string[]): string[] =>
  plainSwitches(args, 'garbage-collect', ['-d', '--dry-run', '-m', '--delete-untagged']);

describe('switches with a value, as Go takes them', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('are on with %s', (value) => {
    expect(plain('garbage-collect', `--delete-untagged=${value}`, 'config.yml')).toEqual([
      'garbage-collect',
      '--delete-untagged',
      'config.yml',
    ]);
    expect(plain('garbage-collect', `-m=${value}`)).toEqual(['garbage-collect', '-m']);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('are off with %s', (value) => {
    expect(plain('garbage-collect', `--dry-run=${value}`, 'c.yml')).toEqual(['garbage-collect', 'c.yml']);
  });

  it.each(['--dry-run=maybe', '--dry-run=', '--other=true', '-m', 'a=true'])('leave %s alone', (arg) => {
    expect(plain('garbage-collect', arg)).toEqual(['garbage-collect', arg]);
  });

  it('belong to their command alone', () => {
    expect(plain('auth', '--dry-run=true')).toEqual(['auth', '--dry-run=true']);
  });
});
