/**
 * Writes the generated pages of docs/reference/, or with --check says whether they are up to date (exit code 1 where
 * they are not).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { PAGES } from './reference/pages.ts';

const isCheck = process.argv.includes('--check');
for (const [name, build] of Object.entries(PAGES)) {
  const file = new URL(`../docs/reference/${name}`, import.meta.url);
  const text = build();
  if (!isCheck) {
    writeFileSync(file, text);
    continue;
  }
  const found = readFileSync(file, 'utf8');
  if (found !== text) {
    console.error(`docs/reference/${name} is not up to date; run: npm run docs`);
    process.exitCode = 1;
  }
}
