import { SERVICE } from '../tokens.ts';

/** A registry's own name, as it tells whoever comes without a token. */
export async function serviceOf(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/v2/`);
  await answer.arrayBuffer();
  return /service="([^"]*)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? SERVICE;
}
