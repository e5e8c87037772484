import type { Readable } from 'node:stream';
import type { Body } from '../registry/body.ts';

/** So many bytes may wait for the handler before the client is made to wait. */
const HIGH_WATER_BYTES = 256 * 1024;

interface Waiter {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(error: Error): void;
}

/**
 * Hands over the pieces of a body just as they were parsed. Node's own iterator joins whatever has gathered into a
 * new buffer, which costs a copy of every byte where a body comes in small chunks; and it closes the connection of a
 * client whose body nobody wants to read to its end, which then never sees the answer.
 */
class IncomingPieces implements AsyncIterator<Uint8Array, undefined> {
  readonly #message: Readable;
  readonly #progress: (() => void) | undefined;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #hasEnded = false;
  #failure: Error | undefined;
  #waiter: Waiter | undefined;

  constructor(message: Readable, progress: (() => void) | undefined) {
    this.#message = message;
    this.#progress = progress;
    if (message.destroyed) this.#fail(new Error('the connection is closed'));
    message.on('error', (error) => this.#fail(error));
    message.on('close', () => this.#fail(new Error('the connection was closed')));
    message.on('end', () => this.#end());
    message.on('data', this.#take);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = this.#queue.shift();
    if (piece !== undefined) {
      this.#queuedBytes -= piece.byteLength;
      if (this.#queue.length === 0) this.#message.resume();
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#message.off('data', this.#take);
    this.#message.pause();
    this.#queue.length = 0;
    return { done: true, value: undefined };
  }

  readonly #take = (piece: Uint8Array): void => {
    this.#progress?.();
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      waiter.resolve({ done: false, value: piece });
      return;
    }
    this.#queue.push(piece);
    this.#queuedBytes += piece.byteLength;
    if (this.#queuedBytes >= HIGH_WATER_BYTES) this.#message.pause();
  };

  #end(): void {
    this.#hasEnded = true;
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
  }

  #fail(error: Error): void {
    if (this.#hasEnded) return;
    this.#failure ??= error;
    this.#waiter?.reject(this.#failure);
    this.#waiter = undefined;
  }
}

/**
 * The body of Node's request. It is to be read once.
 * @param progress called whenever a piece has come
 */
export function bodyOf(message: Readable, progress?: () => void): Body {
  return {
    [Symbol.asyncIterator]: () => new IncomingPieces(message, progress),
    destroy: (error) => message.destroy(error),
  };
}
