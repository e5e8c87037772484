import { RegistryError } from '../errors.ts';

/** The bytes of a request while they arrive. Node's streams are such bodies. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** Gives up on the rest, as when the request lost its place to another. */
  destroy(error?: Error): unknown;
}

/** What a request announces of its body before the first byte. */
export interface Announced {
  /** How many bytes the body will have, where the request says so. */
  readonly lengthBytes: number | undefined;
  /** Where the bytes belong in the upload, where the request says so. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

/** The sender went away before its body was complete. */
export class BodyInterrupted extends RegistryError {
  constructor(cause: unknown) {
    super('CLIENT_GONE', { cause });
    this.name = 'BodyInterrupted';
  }
}
