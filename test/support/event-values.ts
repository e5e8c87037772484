import { randomUUID } from 'node:crypto';
import type { Audience, ChangeNote, EventAction, Occurrence } from '../../src/index/events.ts';
import type { EventOrigin } from '../../src/ports.ts';

/** Values of events as an index is given them. */

export const ORIGIN: EventOrigin = {
  requestId: 'request-1',
  address: '192.0.2.1:40000',
  host: 'registry.test:5000',
  method: 'PUT',
  userAgent: 'docker/27',
  actor: 'alice',
  baseUrl: 'http://registry.test:5000',
};

/** An audience that hears of everything. */
export function audienceOf(...endpoints: readonly string[]): Audience {
  return {
    source: { address: 'host:5000', instanceId: 'instance-1' },
    includeReferences: false,
    subscribers: endpoints.map((endpoint) => ({ endpoint, ignoredMediaTypes: [], ignoredActions: [] })),
  };
}

export function newEndpoint(): string {
  return `endpoint-${randomUUID()}`;
}

/** An event that can be told from others by its tag. */
export function occurrence(
  repository: string,
  tag: string,
  { action = 'push', atMs = 1_000 }: { action?: EventAction; atMs?: number } = {},
): Occurrence {
  const target = {
    kind: 'manifest' as const,
    repository,
    digest: `sha256:${'0'.repeat(64)}`,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    sizeBytes: 10,
    tag,
  };
  return { action, target, origin: ORIGIN, atMs };
}

export function noteFor(audience: Audience, more: Partial<ChangeNote> = {}): ChangeNote {
  return { origin: ORIGIN, atMs: 1_000, audience, before: [], ...more };
}
