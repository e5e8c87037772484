import { describe, expect, it } from 'vitest';
import { ORIGIN, occurrence } from '../../test/support/event-values.ts';
import type { RecordedEvent } from '../index/events.ts';
import { renderEnvelope } from './envelope.ts';

const EVENT: RecordedEvent = {
  ...occurrence('team/app', 'v1', { atMs: Date.UTC(2030, 0, 1, 12, 0, 0, 250) }),
  position: 1,
  id: '11111111-2222-3333-4444-555555555555',
  source: { address: 'host:5000', instanceId: 'instance-1' },
};

const { digest } = EVENT.target;

function rendered(event: RecordedEvent): Record<string, unknown> {
  return (JSON.parse(renderEnvelope(event)) as { events: [Record<string, unknown>] }).events[0];
}

describe('the envelope', () => {
  it('has the members of registry:3 in their order, indented as there', () => {
    const references = [{ mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }];
    expect(renderEnvelope({ ...EVENT, references })).toBe(`{
   "events": [
      {
         "id": "11111111-2222-3333-4444-555555555555",
         "timestamp": "2030-01-01T12:00:00.250Z",
         "action": "push",
         "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "${digest}",
            "size": 10,
            "length": 10,
            "repository": "team/app",
            "url": "http://registry.test:5000/v2/team/app/manifests/${digest}",
            "tag": "v1",
            "references": [
               {
                  "mediaType": "application/vnd.oci.image.config.v1+json",
                  "digest": "${digest}",
                  "size": 2
               }
            ]
         },
         "request": {
            "id": "request-1",
            "addr": "192.0.2.1:40000",
            "host": "registry.test:5000",
            "method": "PUT",
            "useragent": "docker/27"
         },
         "actor": {
            "name": "alice"
         },
         "source": {
            "addr": "host:5000",
            "instanceID": "instance-1"
         }
      }
   ]
}`);
  });

  it('of a mount names its source, and the address of the blob', () => {
    const target = { ...EVENT.target, kind: 'blob', tag: undefined, fromRepository: 'other' } as const;
    expect(rendered({ ...EVENT, action: 'mount', target })['target']).toMatchObject({
      fromRepository: 'other',
      url: `http://registry.test:5000/v2/team/app/blobs/${digest}`,
    });
  });

  it('of a deletion has the descriptor, empty, and no address', () => {
    const target = { ...EVENT.target, digest: '', mediaType: '', sizeBytes: 0 };
    expect(rendered({ ...EVENT, action: 'delete', target })['target']).toEqual({
      ...{ mediaType: '', digest: '', size: 0, repository: 'team/app', tag: 'v1' },
    });
  });

  it('leaves out what is not known of a client, and keeps what registry:3 always has', () => {
    const origin = { ...ORIGIN, actor: '', address: '', host: '', userAgent: '' };
    const { actor, request } = rendered({ ...EVENT, origin, references: [] });
    expect(actor).toEqual({});
    expect(request).toEqual({ id: 'request-1', method: 'PUT', useragent: '' });
  });

  it('escapes what Go escapes, so that a receiver may put it into a page', () => {
    const userAgent = '<script>&\u2028';
    const text = renderEnvelope({ ...EVENT, origin: { ...ORIGIN, userAgent } });
    expect(text).toContain('\\u003cscript\\u003e\\u0026\\u2028');
    expect(JSON.parse(text)).toMatchObject({ events: [{ request: { useragent: userAgent } }] });
  });
});
