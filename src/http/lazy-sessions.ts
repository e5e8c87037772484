import type { Socket } from 'node:net';
import type { Logger } from '../ports.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import type { App } from './message.ts';

/** Connections that speak HTTP/2. What serves them is loaded with the first: it costs every start 12 ms otherwise. */
export class LazySessions {
  readonly #app: App;
  readonly #log: Logger;
  #loading: Promise<Http2Sessions> | undefined;
  #loaded: Http2Sessions | undefined;
  #isClosed = false;

  constructor(app: App, log: Logger) {
    this.#app = app;
    this.#log = log;
  }

  readonly accept = (socket: Socket): void => {
    if (this.#loaded !== undefined) this.#loaded.accept(socket);
    else void this.#load().then((sessions) => (this.#isClosed ? socket.destroy() : sessions.accept(socket)));
  };

  /** Lets what is under way finish; whoever asks for more is told to connect elsewhere. */
  close(): void {
    this.#isClosed = true;
    this.#loaded?.close();
  }

  /** Cuts off what is left. */
  destroy(): void {
    this.#loaded?.destroy();
  }

  #load(): Promise<Http2Sessions> {
    this.#loading ??= import('./http2-sessions.ts').then(({ Http2Sessions }) => {
      this.#loaded = new Http2Sessions(this.#app, this.#log);
      return this.#loaded;
    });
    return this.#loading;
  }
}
