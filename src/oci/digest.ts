import { createHash, type Hash, hash } from 'node:crypto';
import { InvalidValueError, quoted } from './invalid.ts';

/** The hash algorithms that the image specification registers. */
export type DigestAlgorithm = 'sha256' | 'sha512';

/** A digest such as `sha256:9f86…` whose algorithm is registered and whose length is right. */
export type Digest = string & { readonly __digest: true };

const GRAMMAR = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** Whether a text is a digest of an algorithm that is taken here, in its one spelling. */
export function isDigest(text: string): text is Digest {
  return GRAMMAR.test(text);
}

/**
 * Reads a digest (image-spec, descriptor.md#digests). Only registered algorithms are taken, in lower case.
 * @throws InvalidValueError kind `digest`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InvalidValueError(
    'digest',
    `${quoted(text)} is not a digest: write sha256: and 64, or sha512: and 128, lower-case hexadecimal digits`,
  );
}

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return text === 'sha256' || text === 'sha512';
}

/** The part before the colon. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The digest of bytes that are in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}` as Digest;
}

/** Computes a digest over bytes that arrive in pieces. */
export class Digester {
  readonly algorithm: DigestAlgorithm;
  readonly #hash: Hash;

  constructor(algorithm: DigestAlgorithm) {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** The digest of all bytes so far; the digester can go on afterwards. */
  digest(): Digest {
    return `${this.algorithm}:${this.#hash.copy().digest('hex')}` as Digest;
  }
}
