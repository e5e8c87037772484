import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './root.ts';
import { described, run } from './run.ts';

/**
 * A request with a body by curl. Unlike Node's client it still reads the answer when the server stops taking the
 * body, as docker and the others do, so it is the one for bodies that are refused half-way.
 *
 * @throws Error when there was no answer
 */
export async function sendByCurl(
  url: string,
  { method, headers, body }: { method: string; headers: Readonly<Record<string, string>>; body: Buffer },
): Promise<{ readonly status: number; readonly text: string }> {
  const place = folder('curl');
  const [input, output] = [join(place, 'in'), join(place, 'out')];
  writeFileSync(input, body);
  writeFileSync(output, '');
  try {
    const outcome = await run('curl', [
      ...['-sS', '--request', method, '--data-binary', `@${input}`, '--output', output],
      // Do not ask before sending: most clients do not.
      ...['--write-out', '%{http_code}', '--header', 'Expect:'],
      ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
      url,
    ]);
    const status = Number(outcome.stdout);
    if (!(status > 0)) throw new Error(described(outcome));
    return { status, text: readFileSync(output, 'utf8') };
  } finally {
    rmSync(place, { recursive: true });
  }
}
