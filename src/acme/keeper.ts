import type { Clock, Logger } from '../ports.ts';
import type { CertificateCache, KeptCertificate } from './cache.ts';
import { type OrderedPair, orderCertificate } from './order.ts';
import { AcmeProblem } from './problem.ts';

/** What keeps a certificate. */
export interface KeeperOptions {
  readonly hosts: readonly string[];
  readonly email: string | undefined;
  readonly directoryUrl: string;
  readonly cache: CertificateCache;
  readonly log: Logger;
  readonly clock: Clock;
  /** From 0 to 1, for what is spread out. */
  readonly random?: () => number;
}

interface Host {
  readonly name: string;
  certificate: KeptCertificate | undefined;
  /** When the next order is due. */
  dueMs: number;
  failures: number;
}

/** Other processes may have put a new certificate into the folder. */
const LOOK_MS = 10_000;
const MIN_SLEEP_MS = 1_000;
/** Another process is at it. */
const LOCKED_MS = 5_000;
/** An authority that cannot be reached may be asked often. */
const UNREACHABLE = { firstMs: 10_000, lastMs: 600_000 };
/** Let's Encrypt forgives five refusals per name and hour. */
const REFUSED = { firstMs: 300_000, lastMs: 6 * 3_600_000 };

/**
 * When a certificate is renewed: a third of its life before its end (thirty days of ninety), and a little earlier by
 * chance, so that those made together are not renewed together.
 */
export function renewalMs({ notBeforeMs, notAfterMs }: KeptCertificate, random: number): number {
  const lifeMs = notAfterMs - notBeforeMs;
  return notAfterMs - lifeMs / 3 - (random * lifeMs) / 30;
}

/** How long to wait after so many failures in a row, at least as long as the authority asks for. */
export function pauseMs(failures: number, error: unknown, random: number): number {
  const isRefusal = error instanceof AcmeProblem && !error.isStaleNonce;
  const { firstMs, lastMs } = isRefusal ? REFUSED : UNREACHABLE;
  const pause = Math.min(firstMs * 2 ** (failures - 1), lastMs) * (1 + random / 5);
  const asked = error instanceof AcmeProblem ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(pause, asked);
}

/** What the authority said, or why it could not be reached; `fetch` hides that in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}

/** Has a certificate for each of the hosts, obtains those that are missing, and renews each before it ends. */
export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #random: () => number;
  readonly #proofs = new Map<string, OrderedPair>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#hosts = new Map(
      options.hosts.map((name) => [name, { name, certificate: undefined, dueMs: 0, failures: 0 }]),
    );
  }

  /** The certificate for a name, in lower case; undefined for names that are not ours. */
  pairFor(serverName: string): KeptCertificate | undefined {
    return this.#hosts.get(serverName)?.certificate;
  }

  /** What proves that a name is ours while an authority looks, even if another process asked it to. */
  challengeFor(serverName: string): OrderedPair | undefined {
    if (!this.#hosts.has(serverName)) return undefined;
    return this.#proofs.get(serverName) ?? this.#options.cache.published(serverName);
  }

  /** Takes over what the folder has. @throws the system's error */
  async load(): Promise<void> {
    for (const host of this.#hosts.values()) await this.#takeOver(host);
  }

  /** Begins to obtain and to renew, beside everything else. */
  start(): void {
    const now = this.#options.clock.now();
    for (const { name, certificate } of this.#hosts.values()) {
      if (certificate === undefined || certificate.notAfterMs < now) {
        const { log, directoryUrl: authority } = this.#options;
        log.warn('there is no certificate yet, and clients cannot connect; asking for one', {
          host: name,
          authority,
        });
      }
    }
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #next(): void {
    this.#running = this.#round()
      .catch((error: unknown) => {
        this.#options.log.error('the folder of the certificates cannot be used', { error });
      })
      .then(() => {
        if (this.#stop.signal.aborted) return;
        const due = Math.min(...[...this.#hosts.values()].map(({ dueMs }) => dueMs));
        const sleepMs = Math.max(MIN_SLEEP_MS, Math.min(LOOK_MS, due - this.#options.clock.now()));
        this.#timer = setTimeout(() => this.#next(), sleepMs);
        this.#timer.unref();
      });
  }

  /** One host after the other: an authority does not like haste. */
  async #round(): Promise<void> {
    const { cache, clock } = this.#options;
    for (const host of this.#hosts.values()) {
      if (this.#stop.signal.aborted) return;
      await this.#takeOver(host);
      if (clock.now() < host.dueMs) continue;
      const wasOurTurn = await cache.alone(host.name, async () => {
        // Whoever held the lock may have been the one to renew it.
        await this.#takeOver(host);
        if (clock.now() >= host.dueMs) await this.#obtain(host);
      });
      if (!wasOurTurn) host.dueMs = clock.now() + LOCKED_MS;
    }
  }

  async #takeOver(host: Host): Promise<void> {
    const kept = await this.#options.cache.certificate(host.name);
    if (kept === undefined || kept.cert === host.certificate?.cert) return;
    if (host.certificate !== undefined && kept.notAfterMs < host.certificate.notAfterMs) return;
    this.#use(host, kept);
  }

  #use(host: Host, certificate: KeptCertificate): void {
    host.certificate = certificate;
    host.failures = 0;
    host.dueMs = renewalMs(certificate, this.#random());
    const until = new Date(certificate.notAfterMs).toISOString();
    this.#options.log.info('a certificate is in use', { host: host.name, until });
  }

  async #obtain(host: Host): Promise<void> {
    const { cache, clock, log, email, directoryUrl } = this.#options;
    try {
      const pair = await orderCertificate({
        host: host.name,
        email,
        directoryUrl,
        accountKey: await cache.accountKey(),
        prove: (proof, whileShown) => this.#prove(host.name, proof, whileShown),
        signal: this.#stop.signal,
      });
      this.#use(host, await cache.keep(host.name, pair));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      host.failures += 1;
      const pause = pauseMs(host.failures, error, this.#random());
      host.dueMs = clock.now() + pause;
      const tryAgainInSeconds = Math.round(pause / 1000);
      const fields = { host: host.name, authority: directoryUrl, tryAgainInSeconds, reason: reasonOf(error) };
      const { certificate } = host;
      if (certificate !== undefined && certificate.notAfterMs > clock.now()) {
        const until = new Date(certificate.notAfterMs).toISOString();
        log.warn('a certificate could not be renewed; the old one is still good', { ...fields, until });
      } else log.error('a certificate could not be obtained, and clients cannot connect', fields);
    }
  }

  async #prove(host: string, proof: OrderedPair, whileShown: () => Promise<void>): Promise<void> {
    const { cache } = this.#options;
    this.#proofs.set(host, proof);
    try {
      await cache.publish(host, proof);
      await whileShown();
    } finally {
      this.#proofs.delete(host);
      await cache.withdraw(host);
    }
  }
}
