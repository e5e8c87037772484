import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadRegistryConfig, parseRegistryConfig } from '../../../src/config/distribution.ts';
import { parseAuthConfig } from '../../../src/config/docker-auth.ts';

/**
 * Each case is NAME.json: what it is about, the dialect, the environment, and what comes out; the file that
 * goes in is NAME.yml beside it, if there is one. `UPDATE_GOLDEN=1` writes what comes out; read the diff.
 */
interface Case {
  readonly about: string;
  readonly dialect: 'registry' | 'auth';
  readonly env?: Record<string, string>;
  /** The configuration; of the built-in one, only what is checked differs from case to case. */
  readonly config?: unknown;
  readonly notices?: readonly string[];
  /** The message, line by line. */
  readonly error?: readonly string[];
}

function run(name: string, golden: Case): Pick<Case, 'config' | 'notices' | 'error'> {
  const path = new URL(`${name}.yml`, import.meta.url);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const file = `${name}.yml`;
  try {
    const env = golden.env ?? {};
    const loaded =
      golden.dialect === 'auth'
        ? parseAuthConfig(text ?? '', file)
        : text === undefined
          ? loadRegistryConfig({ env })
          : parseRegistryConfig(text, file, env);
    return { config: plain(loaded.config), notices: loaded.notices };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { error: error.message.split('\n') };
  }
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (inner instanceof Map ? Object.fromEntries(inner) : inner)),
  );
}

describe('golden configurations', () => {
  const names = globSync('*.json', { cwd: import.meta.dirname }).map((file) => file.replace(/\.json$/, ''));

  for (const name of names.toSorted()) {
    const path = new URL(`${name}.json`, import.meta.url);
    const { about, dialect, env, ...expected }: Case = JSON.parse(readFileSync(path, 'utf8'));
    it(`${name}: ${about}`, () => {
      const input: Case = env === undefined ? { about, dialect } : { about, dialect, env };
      const actual = run(name, input);
      if (process.env['UPDATE_GOLDEN'] === '1') {
        writeFileSync(path, `${JSON.stringify({ ...input, ...actual }, null, 2)}\n`);
      } else {
        expect(actual).toEqual(expected);
      }
    });
  }

  it('has the cases that its files say', () => {
    const inputs = globSync('*.yml', { cwd: import.meta.dirname }).map((file) => file.replace(/\.yml$/, ''));
    expect(inputs.filter((name) => !names.includes(name))).toEqual([]);
  });
});
