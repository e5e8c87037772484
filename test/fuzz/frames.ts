import fc from 'fast-check';
import {
  ACK,
  block,
  CONTINUATION,
  connection,
  DATA,
  END_HEADERS,
  END_STREAM,
  field,
  frame,
  GOAWAY,
  HEADERS,
  length,
  PADDED,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  settings,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-frames.ts';
import { HONEST_DIGEST } from './honest.ts';
import { type Attack, HEADER_VALUES, METHODS, TARGETS } from './requests.ts';

/* Connections that begin as HTTP/2 (RFC 9113), frame by frame: what they hold is in doubt, and their order, too. */

const FLOOD = 3_000;
const STALLED_STREAMS = 100;

function repeated(count: number, make: (n: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => make(n)));
}

const FIELDS = fc.oneof(
  HEADER_VALUES,
  fc.constantFrom(
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['te', 'gzip'],
    ['Upper', 'case'],
    [':path', '/again'],
    [':status', '200'],
    [':protocol', 'websocket'],
    ['content-length', '7'],
    ['content-length', '-1'],
    ['host', 'other'],
    ['', 'no name'],
    ['x', 'a\r\nset-cookie: b'],
    ['x', '\u0000'],
    ['x-long', 'y'.repeat(20_000)],
  ),
) as fc.Arbitrary<readonly [string, string]>;

/** One request on a stream of its own. */
const REQUEST = fc
  .record({
    method: fc.constantFrom(...METHODS, 'CONNECT'),
    target: TARGETS,
    fields: fc.array(FIELDS, { maxLength: 5 }),
    body: fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 3 }),
    end: fc.constantFrom('with the headers', 'with the body', 'by reset', 'never', 'twice'),
  })
  .map(({ method, target, fields, body, end }) => (stream: number): Buffer => {
    const isBodiless = end === 'with the headers' || end === 'twice';
    const flags = END_HEADERS | (isBodiless ? END_STREAM : 0);
    const last = end === 'with the body' || end === 'twice' ? [frame(DATA, END_STREAM, stream)] : [];
    return Buffer.concat([
      frame(HEADERS, flags, stream, block(method, target, fields)),
      ...body.map((piece) => frame(DATA, 0, stream, piece)),
      ...last,
      ...(end === 'by reset' ? [frame(RST_STREAM, 0, stream, uint32(8))] : []),
    ]);
  });

const REQUESTS = fc
  .array(REQUEST, { minLength: 1, maxLength: 6 })
  .map((requests) => connection(...requests.map((request, n) => request(2 * n + 1))));

/** Any frame, of any type, on any stream. */
const ANY_FRAME = fc
  .record({
    type: fc.integer({ min: 0, max: 12 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.oneof(fc.constantFrom(0, 1, 2, 3, 5, 0x7fffffff, 0xffffffff), fc.nat(20)),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(
        uint32(0),
        uint32(1),
        uint32(0x7fffffff),
        settings([1, 0xffffffff]),
        settings([3, 0]),
        settings([4, 0x80000000]),
        settings([5, 0]),
        settings([8, 1]),
        block('GET', '/v2/'),
      ),
    ),
  })
  .map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload));

const FRAMES = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: ANY_FRAME }, { weight: 1, arbitrary: REQUEST.map((make) => make(7)) }),
    {
      maxLength: 12,
    },
  )
  .map((frames) => connection(...frames));

const GET = block('GET', '/v2/');
const BLOB = block('GET', `/v2/honest/app/blobs/${HONEST_DIGEST}`);

/** Each is cheap to send and would be dear to whoever takes it as it comes; by CVE where it has one. */
const FLOODS: Readonly<Record<string, Buffer>> = {
  'CVE-2019-9512, PING': repeated(FLOOD, (n) => frame(PING, 0, 0, uint32(n, n))),
  'CVE-2019-9515, SETTINGS': repeated(FLOOD, () => frame(SETTINGS, 0, 0, settings([4, 65_535]))),
  'CVE-2019-9513, PRIORITY': repeated(FLOOD, (n) =>
    frame(PRIORITY, 0, 2 * n + 1, Buffer.from([0, 0, 0, 0, n % 256])),
  ),
  'CVE-2019-9518, empty DATA': Buffer.concat([
    frame(HEADERS, END_HEADERS, 1, block('PUT', '/v2/a/b/manifests/v1')),
    repeated(FLOOD, () => frame(DATA, 0, 1)),
  ]),
  'CVE-2023-44487, rapid reset': repeated(FLOOD, (n) =>
    Buffer.concat([
      frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, GET),
      frame(RST_STREAM, 0, 2 * n + 1, uint32(8)),
    ]),
  ),
  'CVE-2025-8671, resets that the server is made to send': repeated(FLOOD, (n) =>
    Buffer.concat([
      frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, GET),
      frame(WINDOW_UPDATE, 0, 2 * n + 1, uint32(0)),
    ]),
  ),
  'CVE-2024-27983, CONTINUATION': Buffer.concat([
    frame(HEADERS, 0, 1, GET),
    repeated(FLOOD, () => frame(CONTINUATION, 0, 1, field(['x', 'y'.repeat(100)]))),
  ]),
  'empty CONTINUATION': Buffer.concat([
    frame(HEADERS, 0, 1, GET),
    repeated(FLOOD, () => frame(CONTINUATION, 0, 1)),
  ]),
  'CVE-2016-6581, a block that unpacks to megabytes': frame(
    HEADERS,
    END_HEADERS | END_STREAM,
    1,
    Buffer.concat([
      GET,
      Buffer.from([0x40]),
      length(1),
      Buffer.from('x'),
      length(3_000),
      Buffer.alloc(3_000, 'y'),
      Buffer.alloc(10_000, 0xbe),
    ]),
  ),
  'an index that there is not': frame(
    HEADERS,
    END_HEADERS | END_STREAM,
    1,
    Buffer.from([0xff, 0xff, 0xff, 0x0f]),
  ),
  'more streams than are allowed': repeated(FLOOD, (n) => frame(HEADERS, END_HEADERS, 2 * n + 1, GET)),
  'CVE-2019-9517, windows that stay shut': Buffer.concat([
    frame(SETTINGS, 0, 0, settings([4, 0])),
    repeated(STALLED_STREAMS, (n) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, BLOB)),
  ]),
  'CVE-2019-9511, windows a byte wide': Buffer.concat([
    frame(SETTINGS, 0, 0, settings([4, 1])),
    repeated(STALLED_STREAMS, (n) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, BLOB)),
    repeated(FLOOD, (n) => frame(WINDOW_UPDATE, 0, 2 * (n % STALLED_STREAMS) + 1, uint32(1))),
  ]),
  'DATA after the end': Buffer.concat([
    frame(HEADERS, END_HEADERS | END_STREAM, 1, GET),
    repeated(FLOOD, () => frame(DATA, 0, 1, Buffer.alloc(100))),
  ]),
  'padding and nothing else': Buffer.concat([
    frame(HEADERS, END_HEADERS, 1, block('POST', '/v2/a/b/blobs/uploads/')),
    repeated(FLOOD, () => frame(DATA, PADDED, 1, Buffer.alloc(256, 255))),
  ]),
  'frames of no known type': repeated(FLOOD, (n) => frame(10 + (n % 240), 0, n, Buffer.alloc(20))),
  'a promise from a client': frame(PUSH_PROMISE, END_HEADERS, 1, Buffer.concat([uint32(2), GET])),
  farewells: repeated(FLOOD, () => frame(GOAWAY, 0, 0, uint32(0, 0))),
  'acknowledgements of nothing': repeated(FLOOD, () => frame(SETTINGS, ACK, 0)),
};

function http2(kind: string, bytes: Buffer): Attack {
  return { kind, bytes, isAmbiguous: false, protocol: 'h2' };
}

/** Everything that is tried on a connection of HTTP/2. */
export const HTTP2_ATTACKS: fc.Arbitrary<Attack> = fc.oneof(
  { weight: 6, arbitrary: REQUESTS.map((bytes) => http2('HTTP/2 requests', bytes)) },
  { weight: 4, arbitrary: FRAMES.map((bytes) => http2('HTTP/2 frames', bytes)) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...Object.entries(FLOODS))
      .map(([name, bytes]) => http2(`HTTP/2 flood: ${name}`, connection(bytes))),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(REQUESTS, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([whole, position, value]) => {
        const bytes = Buffer.from(whole);
        bytes[position % bytes.byteLength] = value;
        return http2('HTTP/2, one byte changed', bytes);
      }),
  },
);

/** The statuses that the static table has (RFC 7541, appendix A). */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];
const FIRST_STATUS_INDEX = 8;

/**
 * The statuses of the answers on a connection, as far as one byte tells them: 500 is among those. Others are left out.
 */
export function http2Statuses(received: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 9 < received.byteLength; at += 9 + received.readUIntBE(at, 3)) {
    if (received[at + 3] !== HEADERS) continue;
    let first = at + 9;
    // The table's new size may stand in front (RFC 7541, section 6.3).
    while (((received[first] ?? 0) & 0xe0) === 0x20) {
      const isLong = ((received[first] ?? 0) & 0x1f) === 0x1f;
      first += 1;
      if (!isLong) continue;
      while (((received[first] ?? 0) & 0x80) !== 0) first += 1;
      first += 1;
    }
    const status = STATUSES[(received[first] ?? 0) - 0x80 - FIRST_STATUS_INDEX];
    if (status !== undefined) found.push(status);
  }
  return found;
}
