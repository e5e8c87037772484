import { InvalidValueError, type ValueKind } from './oci/invalid.ts';

/** One way in which a request can be refused: what goes over the wire, and when it happens. */
interface ErrorEntry {
  /** The code in the body; clients act on it (distribution-spec, "Error Codes", and distribution's own). */
  readonly code: string;
  readonly status: number;
  /** What a client prints when nothing more exact is known. */
  readonly message: string;
  /** For the reference documentation. */
  readonly description: string;
}

/** Every refusal that the registry API knows. A fault that is not here is answered with UNKNOWN and a request id. */
export const ERRORS = {
  ACCOUNT_CONFLICT: {
    code: 'ACCOUNT_CONFLICT',
    status: 409,
    message: 'that cannot be done to this account as it stands',
    description: 'There is one of this name already, or no administrator would be left who can log in.',
  },
  ACCOUNT_UNKNOWN: {
    code: 'ACCOUNT_UNKNOWN',
    status: 404,
    message: 'there is no such account',
    description: 'There is no account, robot, group, role or access token of this name.',
  },
  BLOB_UNKNOWN: {
    code: 'BLOB_UNKNOWN',
    status: 404,
    message: 'blob unknown to registry',
    description: 'The repository holds no blob with this digest.',
  },
  BLOB_UPLOAD_INVALID: {
    code: 'BLOB_UPLOAD_INVALID',
    status: 400,
    message: 'blob upload invalid',
    description: 'The request does not fit the state of the upload.',
  },
  BLOB_UPLOAD_UNKNOWN: {
    code: 'BLOB_UPLOAD_UNKNOWN',
    status: 404,
    message: 'blob upload unknown to registry',
    description: 'The upload was finished, cancelled or has expired, or it belongs to another repository.',
  },
  CONTENT_ENCODING: {
    code: 'UNSUPPORTED',
    status: 415,
    message: 'unsupported content encoding',
    description: 'Bodies are stored as they are sent; a Content-Encoding would make them others.',
  },
  CONTENT_RANGE_INVALID: {
    code: 'RANGE_INVALID',
    status: 416,
    message: 'invalid content range',
    description: 'A chunk does not begin where the upload stands. GET the upload to learn its offset.',
  },
  COLLECTION_BUSY: {
    code: 'COLLECTION_BUSY',
    status: 409,
    message: 'a garbage collection is under way',
    description: 'One collection at a time; the state of the one under way can be asked for.',
  },
  CLIENT_GONE: {
    code: 'BLOB_UPLOAD_INVALID',
    status: 400,
    message: 'the client closed the connection before its body was complete',
    description: 'Nobody is there to read this any more. An upload keeps what had arrived.',
  },
  DENIED: {
    code: 'DENIED',
    status: 403,
    message: 'requested access to the resource is denied',
    description: 'The caller is known and may not do this.',
  },
  DIGEST_INVALID: {
    code: 'DIGEST_INVALID',
    status: 400,
    message: 'provided digest did not match uploaded content',
    description: 'A digest is malformed, or the bytes that arrived have another one.',
  },
  INSUFFICIENT_SCOPE: {
    code: 'DENIED',
    // 401 and not 403, as registry:2: a client may come back with a token that covers more.
    status: 401,
    message: 'requested access to the resource is denied',
    description: 'The token is accepted and does not cover the request.',
  },
  MANIFEST_BLOB_UNKNOWN: {
    code: 'MANIFEST_BLOB_UNKNOWN',
    status: 400,
    message: 'manifest references a manifest or blob unknown to registry',
    description: 'The manifest names content that is not in its repository; push that first.',
  },
  MANIFEST_INVALID: {
    code: 'MANIFEST_INVALID',
    status: 400,
    message: 'manifest invalid',
    description: 'The manifest is not JSON, or not of the shape that its media type asks for.',
  },
  MANIFEST_TOO_LARGE: {
    code: 'SIZE_INVALID',
    status: 413,
    message: 'manifest too large',
    description: 'A manifest is larger than 4 MiB.',
  },
  MANIFEST_UNKNOWN: {
    code: 'MANIFEST_UNKNOWN',
    status: 404,
    message: 'manifest unknown',
    description: 'The repository holds no manifest with this tag or digest.',
  },
  NAME_INVALID: {
    code: 'NAME_INVALID',
    status: 400,
    message: 'invalid repository name',
    description: 'The repository name does not follow the grammar.',
  },
  NAME_UNKNOWN: {
    code: 'NAME_UNKNOWN',
    status: 404,
    message: 'repository name not known to registry',
    description: 'No manifest was ever pushed to this repository.',
  },
  NOT_KEPT: {
    code: 'NOT_KEPT',
    status: 404,
    message: 'not among what was deleted and is still kept',
    description: 'Nothing of this name was deleted within the keep time, so that it cannot be brought back.',
  },
  NOT_FOUND: {
    code: 'UNSUPPORTED',
    status: 404,
    message: 'there is nothing at this address',
    description: 'The path is not one of this server.',
  },
  PAGINATION_NUMBER_INVALID: {
    code: 'PAGINATION_NUMBER_INVALID',
    status: 400,
    message: 'invalid number of results requested',
    description: 'The query parameter n is not a whole number, or larger than allowed.',
  },
  PRECONDITION_FAILED: {
    code: 'PRECONDITION_FAILED',
    status: 412,
    message: 'precondition failed',
    description: 'If-Match or If-None-Match does not hold: somebody else was first. Nothing was changed.',
  },
  QUOTA_EXCEEDED: {
    // DENIED is what docker, podman and skopeo do not try again.
    code: 'DENIED',
    status: 403,
    message: 'the quota of the repository is used up',
    description:
      'The repository would hold more bytes or tags than its rule in the configuration allows. Nothing was stored.',
  },
  REQUEST_INVALID: {
    code: 'UNSUPPORTED',
    status: 400,
    message: 'bad request',
    description: 'The request is malformed; the message tells in what.',
  },
  RANGE_INVALID: {
    code: 'RANGE_INVALID',
    status: 416,
    message: 'invalid range',
    description: 'The Range header is malformed or holds none of the blob’s bytes.',
  },
  SIZE_INVALID: {
    code: 'SIZE_INVALID',
    status: 400,
    message: 'provided length did not match content length',
    description: 'A body is shorter or longer than its headers announce.',
  },
  STORAGE_FULL: {
    code: 'UNAVAILABLE',
    status: 507,
    message: 'the registry’s storage is full',
    description: 'Nothing was stored. Free space in the data folder, then push again.',
  },
  RETENTION_BUSY: {
    code: 'RETENTION_BUSY',
    status: 409,
    message: 'tags are removed by rules of retention just now',
    description: 'One run at a time, and none while there are no rules, or not all is taken over.',
  },
  TAG_IMMUTABLE: {
    code: 'DENIED',
    status: 409,
    message: 'the tag is immutable',
    description: 'A rule in the configuration keeps the tag, and the content that it needs, as it is.',
  },
  TAG_INVALID: {
    code: 'TAG_INVALID',
    status: 400,
    message: 'invalid tag',
    description: 'The tag does not follow the grammar.',
  },
  TOOMANYREQUESTS: {
    code: 'TOOMANYREQUESTS',
    status: 429,
    message: 'too many requests',
    description: 'The client asks too often; Retry-After says when to come back.',
  },
  TAG_IN_USE: {
    code: 'TAG_IN_USE',
    status: 409,
    message: 'the tag points elsewhere by now',
    description: 'What was deleted had this tag, which points to another manifest by now. Ask to move it.',
  },
  TOO_MANY_TAGS: {
    code: 'TAG_INVALID',
    status: 414,
    message: 'too many tags',
    description: 'One push names more than 100 tags.',
  },
  UNAUTHORIZED: {
    code: 'UNAUTHORIZED',
    status: 401,
    message: 'authentication required',
    description: 'No token, one that is not accepted, or wrong credentials.',
  },
  UNAVAILABLE: {
    code: 'UNAVAILABLE',
    status: 503,
    message: 'service unavailable',
    description: 'The registry cannot answer now; try again.',
  },
  UNKNOWN: {
    code: 'UNKNOWN',
    status: 500,
    message: 'unknown error',
    description: 'A fault of the registry. The log holds the cause under the request id of the answer.',
  },
  UPLOAD_BUSY: {
    code: 'BLOB_UPLOAD_INVALID',
    status: 409,
    message: 'another request is writing to this upload',
    description:
      'Two requests sent bytes for one upload at the same time. Wait for the first, then ask for the offset.',
  },
  UNSUPPORTED: {
    code: 'UNSUPPORTED',
    status: 405,
    message: 'the operation is unsupported',
    description: 'The method is not available at this address, or it was switched off.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorName = keyof typeof ERRORS;

/** A refusal that the client is told about. Everything in it goes over the wire: nothing secret belongs in it. */
export class RegistryError extends Error {
  readonly entry: ErrorEntry;
  /** More for programs, such as the digest that is missing. */
  readonly detail: unknown;
  /** Further errors of the same answer, such as one for each missing blob. */
  readonly siblings: readonly RegistryError[];

  constructor(
    error: ErrorName,
    options: {
      message?: string;
      detail?: unknown;
      cause?: unknown;
      siblings?: readonly RegistryError[];
    } = {},
  ) {
    super(options.message ?? ERRORS[error].message, { cause: options.cause });
    this.name = 'RegistryError';
    this.entry = ERRORS[error];
    this.detail = options.detail ?? null;
    this.siblings = options.siblings ?? [];
  }
}

const BY_KIND: Readonly<Record<ValueKind, ErrorName>> = {
  digest: 'DIGEST_INVALID',
  repository: 'NAME_INVALID',
  tag: 'TAG_INVALID',
  manifest: 'MANIFEST_INVALID',
  range: 'RANGE_INVALID',
  'content-range': 'CONTENT_RANGE_INVALID',
  scope: 'REQUEST_INVALID',
};

const FULL_DISK: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/**
 * What a client is told of any thrown value. A fault that nobody foresaw becomes UNKNOWN, with the cause kept for
 * the log alone.
 */
export function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof InvalidValueError) {
    return new RegistryError(BY_KIND[error.kind], { message: error.message, cause: error });
  }
  if (FULL_DISK.has(codeOf(error))) return new RegistryError('STORAGE_FULL', { cause: error });
  return new RegistryError('UNKNOWN', { cause: error });
}
