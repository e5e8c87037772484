import type { Clock, Logger } from '../../../ports.ts';
import { Slots } from '../../slots.ts';
import { HostAway } from './connection.ts';
import type { DirectoryHost, Session } from './host.ts';

/** How long a directory that was out of reach is left alone while there is another one. */
const REST_MS = 10_000;
/** Logins that wait for a connection. */
const MAX_WAITING = 100;

interface Away {
  readonly sinceMs: number;
  readonly reason: string;
}

/**
 * Several directories with the same content. The first one that can be reached is asked; one that could not is tried
 * again after a while, beside the logins, and is the first again once it answers.
 */
export class Directory {
  readonly #hosts: readonly DirectoryHost[];
  readonly #away = new Map<DirectoryHost, Away>();
  readonly #tryingAgain = new Set<DirectoryHost>();
  readonly #slots: Slots;
  readonly #clock: Clock;
  readonly #log: Logger;

  /** @param options.maxConnections to each directory */
  constructor(options: {
    readonly hosts: readonly DirectoryHost[];
    readonly maxConnections: number;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    this.#hosts = options.hosts;
    this.#slots = new Slots({ maxRunning: options.maxConnections, maxWaiting: MAX_WAITING });
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /**
   * Does something with a connection, all of it with one directory; begins again with the next one where one is out of
   * reach.
   * @throws HostAway where all are; DirectoryError, TooManyLogins, and what `action` throws
   */
  use<T>(action: (session: Session) => Promise<T>): Promise<T> {
    const cameMs = this.#clock.now();
    return this.#slots.run(() => this.#useAny(action, cameMs));
  }

  /** Ends what is not in use; the rest ends when its user is done. */
  close(): void {
    for (const host of this.#hosts) host.close();
  }

  async #useAny<T>(action: (session: Session) => Promise<T>, cameMs: number): Promise<T> {
    const away = this.#hosts.map((host) => this.#away.get(host));
    // Whoever waited while all of them turned out to be away would only wait as long again.
    if (away.every((each) => each !== undefined && each.sinceMs > cameMs)) throw this.#allAway();
    this.#tryAgain();
    const [present, others] = [false, true].map((isAway) =>
      this.#hosts.filter((host) => this.#away.has(host) === isAway),
    );
    for (const host of [...(present ?? []), ...(others ?? [])]) {
      try {
        const result = await host.use(action);
        this.#isThere(host);
        return result;
      } catch (error) {
        if (!(error instanceof HostAway)) throw error;
        this.#isAway(host, error.message);
      }
    }
    throw this.#allAway();
  }

  /** Looks whether those that are away are back, beside the logins: nobody is to wait for it. */
  #tryAgain(): void {
    if (this.#away.size === this.#hosts.length) return;
    for (const [host, { sinceMs }] of this.#away) {
      if (this.#clock.now() - sinceMs < REST_MS || this.#tryingAgain.has(host)) continue;
      this.#tryingAgain.add(host);
      void host
        .use(async () => undefined)
        .then(
          () => this.#isThere(host),
          (error: unknown) => this.#isAway(host, error instanceof Error ? error.message : String(error)),
        )
        .finally(() => this.#tryingAgain.delete(host));
    }
  }

  #isThere(host: DirectoryHost): void {
    if (!this.#away.delete(host)) return;
    this.#log.info('a directory is back', { provider: 'ldap_auth', host: host.url });
  }

  #isAway(host: DirectoryHost, reason: string): void {
    const before = this.#away.get(host);
    this.#away.set(host, { sinceMs: this.#clock.now(), reason });
    if (before?.reason === reason) return;
    this.#log.warn('a directory is out of reach', { provider: 'ldap_auth', host: host.url, reason });
  }

  #allAway(): HostAway {
    const reasons = this.#hosts.map((host) => `${host.url}: ${this.#away.get(host)?.reason}`);
    return new HostAway(`ldap_auth: no directory is in reach: ${reasons.join('; ')}`);
  }
}
