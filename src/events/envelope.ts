import type { RecordedEvent } from '../index/events.ts';

/** The type of the body that endpoints are sent (distribution, `EventsMediaType`). */
export const EVENTS_MEDIA_TYPE = 'application/vnd.docker.distribution.events.v2+json';

/** Go's `omitempty`: a text without characters, zero and an empty list are left out. */
function filled(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isEmpty = (value: unknown): boolean =>
    value === undefined || value === '' || value === 0 || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function urlOf({ action, target, origin }: RecordedEvent): string | undefined {
  if (action === 'delete') return undefined;
  const kind = target.kind === 'manifest' ? 'manifests' : 'blobs';
  return `${origin.baseUrl}/v2/${target.repository}/${kind}/${target.digest}`;
}

/** What Go's JSON encoder writes as an escape: receivers may have put such a text into a page as it came. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/**
 * One event as registry:3 sends it: its members, their order and which of them are left out (distribution,
 * `notifications/event.go`), indented by three spaces (`notifications/http.go`).
 */
export function renderEnvelope(event: RecordedEvent): string {
  const { id, atMs, action, target, origin, source, references } = event;
  const rendered = {
    id,
    timestamp: new Date(atMs).toISOString(),
    action,
    target: {
      mediaType: target.mediaType,
      digest: target.digest,
      size: target.sizeBytes,
      ...filled({
        length: target.sizeBytes,
        repository: target.repository,
        fromRepository: target.fromRepository,
        url: urlOf(event),
        tag: target.tag,
        references,
      }),
    },
    request: {
      id: origin.requestId,
      ...filled({ addr: origin.address, host: origin.host }),
      method: origin.method,
      useragent: origin.userAgent,
    },
    actor: filled({ name: origin.actor }),
    source: filled({ addr: source.address, instanceID: source.instanceId }),
  };
  return JSON.stringify({ events: [rendered] }, null, 3).replaceAll(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
