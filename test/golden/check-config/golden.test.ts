import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatReport } from '../../../src/cli/check-report.ts';
import { checkRegistryTree } from '../../../src/config/check.ts';
import { parseRegistryTree, readRegistryTree } from '../../../src/config/distribution.ts';

/**
 * Each case is NAME.json: what it is about, and the environment; NAME.yml goes in, if there is
 * one, and NAME.txt is what `berth check-config` prints. `UPDATE_GOLDEN=1` writes the latter; read the diff.
 */
interface Case {
  readonly about: string;
  readonly from?: 2 | 3;
  readonly env?: Record<string, string>;
}

function run(name: string, { from, env = {} }: Case): string {
  const path = new URL(`${name}.yml`, import.meta.url);
  const tree = existsSync(path)
    ? parseRegistryTree(readFileSync(path, 'utf8'), 'config.yml', env)
    : readRegistryTree({ env });
  const machine = {
    // No file can be read.
    canRead: () => false,
    isFolder: () => false,
  };
  const report = checkRegistryTree(tree, { from, machine });
  const isOpen = report.findings.some(({ needsAction }) => needsAction);
  return `${formatReport(report)}\nexit code ${isOpen ? 1 : 0}\n`;
}

describe('golden reports of check-config', () => {
  const names = globSync('*.json', { cwd: import.meta.dirname }).map((file) => file.replace(/\.json$/, ''));

  for (const name of names.toSorted()) {
    const golden: Case = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));
    it(`${name}: ${golden.about}`, () => {
      const path = new URL(`${name}.txt`, import.meta.url);
      const actual = run(name, golden);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, actual);
      else expect(actual).toBe(readFileSync(path, 'utf8'));
      // Values are nobody's business.
      expect(actual).not.toMatch(/not-for-your-eyes|AKIAEXAMPLE|Zx81/);
    });
  }

  it('has the cases that its files say', () => {
    const inputs = globSync('*.{yml,txt}', { cwd: import.meta.dirname }).map((file) =>
      file.replace(/\.\w+$/, ''),
    );
    expect(inputs.filter((name) => !names.includes(name))).toEqual([]);
  });
});
