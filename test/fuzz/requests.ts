import fc from 'fast-check';
import { CREDENTIALS, HONEST_DIGEST } from './honest.ts';

/** Bytes for one connection, and what must hold of the answer. */
export interface Attack {
  readonly kind: string;
  readonly bytes: Buffer;
  /** The bytes can be read as one message or as two: there must be one answer at the most, and then the end. */
  readonly isAmbiguous: boolean;
  /** What the connection speaks, where that is agreed on first. */
  readonly protocol?: 'h2';
}

const DIGEST = `sha256:${'a'.repeat(64)}`;

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'BREW', ''];

const NAMES = fc.oneof(
  fc.constantFrom('a/b', 'fuzz/app', '..', 'a//b', '%2e%2e', 'a%00b', '_catalog', 'x'.repeat(300), '🐳', 'A'),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const REFERENCES = fc.oneof(
  fc.constantFrom('v1', 'latest', DIGEST, 'sha256:x', `sha512:${'b'.repeat(128)}`, '.', '@', 't'.repeat(129)),
  fc.string({ maxLength: 40 }),
);

const QUERIES = fc.oneof(
  fc.constantFrom(
    '',
    `?digest=${DIGEST}`,
    `?mount=${DIGEST}&from=a/b`,
    `?mount=${DIGEST}`,
    '?n=-1',
    '?n=99999999999999999999',
    '?last=%ff%fe',
    '?artifactType=%0d%0a',
    '?digest-algorithm=md5',
    '?tag=a&tag=b',
    '?account=x&service=berth&scope=repository:a:pull',
    `?${'x=y&'.repeat(2_000)}`,
    '?%',
    '?digest=sha256:%00',
  ),
  fc.string({ maxLength: 60 }).map((text) => `?${text}`),
);

export const TARGETS = fc.oneof(
  fc
    .tuple(NAMES, REFERENCES, QUERIES)
    .chain(([name, reference, query]) =>
      fc.constantFrom(
        `/v2/${name}/manifests/${reference}${query}`,
        `/v2/${name}/blobs/${reference}${query}`,
        `/v2/${name}/blobs/uploads/${query}`,
        `/v2/${name}/blobs/uploads/${reference}${query}`,
        `/v2/${name}/tags/list${query}`,
        `/v2/${name}/referrers/${reference}${query}`,
        `/v2/_catalog${query}`,
        `/v2/${query}`,
        `/auth/token${query}`,
        `/${name}${query}`,
      ),
    ),
  fc.constantFrom(
    '*',
    '/',
    '//',
    'http://x/v2/',
    '/v2/%',
    `/${'a'.repeat(20_000)}`,
    '/v2/\u0000',
    '/metrics',
    `/v2/honest/app/blobs/${HONEST_DIGEST}`,
    '/v2/_oci/ext/discover',
    '/v2/honest/app/_oci/tag-history/v1',
    '/debug/vars',
    '/healthz',
    '/readyz',
  ),
  fc.string({ maxLength: 100 }),
);

const HEADERS = fc.oneof(
  fc.constantFrom(
    'Content-Type: application/vnd.oci.image.manifest.v1+json',
    'Content-Range: 0-10',
    'Content-Range: 5-2',
    'Content-Range: 99999999999999999999-99999999999999999999',
    'Range: bytes=0-0,-1,5-',
    `Range: bytes=${Array.from({ length: 300 }, (_, n) => `${n}-${n}`).join(',')}`,
    'Range: bytes=9999999999999999999-',
    `Authorization: ${CREDENTIALS}`,
    `Authorization: ${CREDENTIALS}`,
    'Authorization: Basic Og==',
    `Authorization: Basic ${'A'.repeat(9_000)}`,
    'X-Request-Id: a b\u0001c',
    `X-Forwarded-For: ${'1.1.1.1, '.repeat(500)}`,
    'User-Agent: \u001b[31m"\\',
    'Authorization: Basic !!!!',
    'Authorization: Bearer a.b.c',
    `Authorization: Bearer ${'x'.repeat(9_000)}`,
    'If-Match: *',
    'If-None-Match: "x", W/"y"',
    'Expect: 100-continue',
    'Expect: nonsense',
    'Content-Encoding: gzip',
    'Connection: close',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'X-Forwarded-For: ::1, 10.0.0.1',
    'X-Forwarded-Proto: javascript',
    'Forwarded: for="[::1]";proto=https',
    'Host: other',
    'Host: a"b',
    'Cookie: a=b',
    'Trailer: X',
    'X: \u0001',
    ' folded: x',
    'no colon at all',
    ': no name',
    'Accept: */*',
  ),
  fc
    .tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 60 }))
    .map(([name, value]) => `${name}: ${value}`),
);

/** The same as names and values, for HTTP/2. */
export const HEADER_VALUES: fc.Arbitrary<readonly [string, string]> = HEADERS.map((line) => {
  const colon = line.indexOf(':', 1);
  return [line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim()];
});

const MANIFESTS = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fc.constantFrom(
    Buffer.from('{"schemaVersion":2'),
    Buffer.from('[['.repeat(50_000)),
    Buffer.from(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`),
    Buffer.from(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":5}]}`,
    ),
    Buffer.from([0xff, 0xfe, 0x00]),
  ),
);

const BODIES = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  MANIFESTS,
);

function chunked(body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${body.byteLength.toString(16)}\r\n`),
    body,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
}

function message(method: string, target: string, headers: readonly string[], body: Buffer): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: fuzz.test', ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body]);
}

/** Requests of the right form, with everything in them in doubt. */
const WELL_FORMED = fc
  .record({
    method: fc.constantFrom(...METHODS),
    target: TARGETS,
    headers: fc.array(HEADERS, { maxLength: 6 }),
    body: BODIES,
    framing: fc.constantFrom('length', 'chunks', 'too long', 'too short', 'none'),
  })
  .map(({ method, target, headers, body, framing }): Attack => {
    const length = { length: 0, 'too long': 7, 'too short': -1 }[framing as string];
    const announced =
      length === undefined
        ? framing === 'chunks'
          ? ['Transfer-Encoding: chunked']
          : []
        : [`Content-Length: ${Math.max(0, body.byteLength + length)}`];
    const sent = framing === 'chunks' ? chunked(body) : body;
    return {
      kind: `request, ${framing}`,
      bytes: message(method, target, [...headers, ...announced], sent),
      isAmbiguous: false,
    };
  });

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: fuzz.test\r\n\r\n';

/** Framings that two readers would cut differently (RFC 9112, sections 6.1 and 6.3). */
const FRAMINGS: readonly (readonly string[])[] = [
  ['Content-Length: 4', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked', 'Content-Length: 4'],
  ['Content-Length: 0', 'Content-Length: 44'],
  ['Content-Length: 0, 44'],
  ['Content-Length: +4'],
  ['Content-Length: 0x4'],
  ['Content-Length: 4 4'],
  ['Content-Length: -1'],
  ['Content-Length : 4'],
  ['Transfer-Encoding: xchunked'],
  ['Transfer-Encoding : chunked'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  ['Transfer-Encoding: identity, chunked, identity'],
  ['Transfer-Encoding:\u000bchunked'],
  ['Transfer-Encoding: chunked\u0000'],
  ['X: y\r\n Transfer-Encoding: chunked', 'Content-Length : 0'],
];

const AMBIGUOUS = fc
  .tuple(fc.constantFrom(...FRAMINGS), fc.constantFrom('POST', 'PUT', 'PATCH', 'GET'), fc.boolean())
  .map(
    ([framing, method, asChunks]): Attack => ({
      kind: 'ambiguous framing',
      bytes: message(
        method,
        '/v2/fuzz/app/blobs/uploads/',
        framing,
        Buffer.from((asChunks ? '0\r\n\r\n' : '') + SMUGGLED),
      ),
      isAmbiguous: true,
    }),
  );

const BAD_CHUNKS = fc
  .constantFrom(
    'ffffffffffffffffff\r\nx',
    '-1\r\nx\r\n0\r\n\r\n',
    'g\r\nx\r\n0\r\n\r\n',
    '1\r\nxx\r\n0\r\n\r\n',
    '1;ext="\r\n"\r\nx\r\n0\r\n\r\n',
    `1;${'e'.repeat(40_000)}\r\nx\r\n0\r\n\r\n`,
    '1\nx\n0\n\n',
    '0\r\nX: y\r\n\r\n',
    `0\r\n${'T: v\r\n'.repeat(5_000)}\r\n`,
    '5\r\nhel',
  )
  .map(
    (body): Attack => ({
      kind: 'broken chunks',
      bytes: message(
        'PATCH',
        '/v2/fuzz/app/blobs/uploads/x',
        ['Transfer-Encoding: chunked'],
        Buffer.from(body),
      ),
      isAmbiguous: false,
    }),
  );

const TOO_MUCH = fc
  .constantFrom(
    message(
      'GET',
      '/v2/',
      Array.from({ length: 100_000 }, (_, n) => `X-${n}: y`),
      Buffer.alloc(0),
    ),
    message('GET', '/v2/', [`X: ${'y'.repeat(1_000_000)}`], Buffer.alloc(0)),
    Buffer.from(`GET /${'a'.repeat(500_000)} HTTP/1.1\r\n\r\n`),
    Buffer.from('\r\n'.repeat(100_000)),
    Buffer.concat(Array.from({ length: 500 }, () => message('GET', '/v2/', [], Buffer.alloc(0)))),
  )
  .map((bytes): Attack => ({ kind: 'too much', bytes, isAmbiguous: false }));

const NOISE = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 4_000 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    Buffer.from('GET / HTTP/9.9\r\n\r\n'),
    Buffer.from('GET / HTTP/1.0\r\n\r\n'),
    Buffer.from('GET /\r\n\r\n'),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00]),
    Buffer.from('SSH-2.0-OpenSSH_9.0\r\n'),
  ),
);

/** Everything that is tried, each kind about as often as it is worth. */
export const ATTACKS: fc.Arbitrary<Attack> = fc.oneof(
  { weight: 10, arbitrary: WELL_FORMED },
  { weight: 4, arbitrary: AMBIGUOUS },
  { weight: 2, arbitrary: BAD_CHUNKS },
  { weight: 1, arbitrary: TOO_MUCH },
  { weight: 2, arbitrary: NOISE.map((bytes): Attack => ({ kind: 'noise', bytes, isAmbiguous: false })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(WELL_FORMED, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([attack, position, value]): Attack => {
        const bytes = Buffer.from(attack.bytes);
        bytes[position % bytes.byteLength] = value;
        return { kind: 'one byte changed', bytes, isAmbiguous: false };
      }),
  },
);

/** How the bytes are sent. */
export const MANNERS = [
  'at once',
  'in pieces',
  'byte by byte',
  'half-closed',
  'cut off',
  'not read',
] as const;
export type Manner = (typeof MANNERS)[number];
