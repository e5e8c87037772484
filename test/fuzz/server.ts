import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds. */
export interface Holdings {
  readonly residentMb: number;
  readonly files: number;
}

export function holdingsOf(pid: number): Holdings {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    residentMb: Math.round(Number(kilobytes) / 1024),
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** An honest client beside the hostile ones: what it pushes must come back byte for byte. */
export async function pushAndPull(url: string, round: number): Promise<string | undefined> {
  const content = Buffer.from(`honest content ${round} `.repeat(2_000));
  const digest = `sha256:${hash('sha256', content, 'hex')}`;
  const pushed = await fetch(`${url}/v2/honest/app/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: content,
  });
  if (pushed.status !== 201) return `an honest push was answered ${pushed.status}: ${await pushed.text()}`;
  const pulled = await fetch(`${url}/v2/honest/app/blobs/${digest}`);
  const same = Buffer.from(await pulled.arrayBuffer()).equals(content);
  return pulled.status === 200 && same
    ? undefined
    : `an honest pull gave ${pulled.status}, same bytes: ${same}`;
}
