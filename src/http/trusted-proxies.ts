import { compileNetwork, type IpMatcher, parseIp } from '../ip.ts';
import type { Logger } from '../ports.ts';
import type { Forwarded, HttpRequest } from './message.ts';

/** Whoever is on this machine may be believed where nothing else was said. */
export const DEFAULT_TRUSTED: readonly string[] = ['127.0.0.0/8', '::1'];

const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;
/** More hops than any deployment has; a longer list was made up. */
const MAX_HOPS = 32;
/** So many peers are told about, each once: whoever forges headers from many addresses shall not fill the log. */
const MAX_PEERS_TOLD = 100;

function listOf(header: string): string[] {
  return header.split(',', MAX_HOPS + 1).map((entry) => entry.trim());
}

/** The address in an entry of X-Forwarded-For; some proxies add the port. */
function addressIn(entry: string): string | undefined {
  const match = /^\[([^\]]+)\](?::\d+)?$/.exec(entry) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(entry);
  const address = match?.[1] ?? entry;
  return parseIp(address) === undefined ? undefined : address;
}

/** What is told of proxies beside their addresses. */
export interface ProxyOptions {
  /** The key of the configuration that lists them, for messages. */
  readonly key?: string;
  /**
   * The one header that has the client's address, in lower case, in the place of X-Forwarded-For and X-Real-Ip. A
   * request of a proxy without it has no address.
   */
  readonly addressHeader?: string | undefined;
  /** So many entries of the list count, from the right. */
  readonly maxEntries?: number | undefined;
}

/**
 * Tells from X-Forwarded-For, -Proto, -Host, -Prefix, X-Real-Ip and X-Request-Id what the client used and who it is,
 * where they come from a proxy that is trusted. The address is counted from the right: each proxy adds that of its
 * peer at the end, and what stands left of the first peer that is no proxy of ours is the client's own invention.
 * `Forwarded` (RFC 7239) is not read: a proxy that does not know it passes on whatever a client wrote there.
 */
export class TrustedProxies {
  readonly #networks: readonly IpMatcher[];
  readonly #log: Logger;
  readonly #options: ProxyOptions;
  readonly #told = new Set<string>();

  /** @param networks addresses and networks in CIDR notation. A peer on a socket of this machine is always trusted */
  constructor(networks: readonly string[], log: Logger, options: ProxyOptions = {}) {
    this.#options = options;
    this.#networks = networks.map((text) => {
      const matcher = compileNetwork(text);
      if (matcher === undefined) throw new TypeError(`${text} is no network`);
      return matcher;
    });
    this.#log = log;
  }

  /** The request as its client sent it. Costs next to nothing where no proxy speaks. */
  resolve(request: HttpRequest): HttpRequest {
    const { headers } = request;
    const id = headers['x-request-id'];
    const speaks =
      headers['x-forwarded-for'] !== undefined ||
      headers['x-forwarded-proto'] !== undefined ||
      headers['x-forwarded-host'] !== undefined ||
      headers['x-forwarded-prefix'] !== undefined ||
      headers['x-real-ip'] !== undefined ||
      this.#options.addressHeader !== undefined;
    if (!speaks && id === undefined) return request;
    if (!this.#trusts(request.remoteAddress)) {
      const { addressHeader } = this.#options;
      if (speaks && (addressHeader === undefined || headers[addressHeader] !== undefined)) {
        this.#tell(request.remoteAddress);
      }
      return request;
    }
    const { address, hops } = this.#client(request);
    return {
      ...request,
      id: id !== undefined && REQUEST_ID.test(id) ? id : request.id,
      remoteAddress: address,
      // The port is the proxy's.
      remotePort: address === request.remoteAddress ? request.remotePort : undefined,
      forwarded: forwardedBy(request, hops),
    };
  }

  #trusts(address: string | undefined): boolean {
    if (address === undefined) return true;
    const words = parseIp(address);
    return this.#networks.some((contains) => contains(words));
  }

  /** @returns the client's address, and how many entries from the right of the list it stands, the last being 0 */
  #client({ headers, remoteAddress }: HttpRequest): { address: string | undefined; hops: number } {
    const { addressHeader, maxEntries = MAX_HOPS } = this.#options;
    const header = headers[addressHeader ?? 'x-forwarded-for'];
    if (header === undefined && addressHeader !== undefined) return { address: undefined, hops: 0 };
    if (header === undefined) {
      const real = headers['x-real-ip'] ?? '';
      return { address: addressIn(real.trim()) ?? remoteAddress, hops: 0 };
    }
    const entries = listOf(header);
    let address = addressHeader === undefined ? remoteAddress : undefined;
    let hops = 0;
    for (const entry of entries.length > MAX_HOPS ? [] : entries.reverse().slice(0, maxEntries)) {
      const next = addressIn(entry);
      if (next === undefined) break;
      address = next;
      if (!this.#trusts(next)) break;
      hops += 1;
    }
    return { address, hops: Math.min(hops, entries.length - 1) };
  }

  #tell(address: string | undefined): void {
    const { key = 'http.trustedproxies' } = this.#options;
    if (address === undefined || this.#told.has(address) || this.#told.size >= MAX_PEERS_TOLD) return;
    this.#told.add(address);
    this.#log.warn(
      'headers about the client from an address that is no trusted proxy are ignored; if it is your proxy, add it to the key',
      { address, key },
    );
  }
}

/** The entry that the proxy next to the client made; most proxies replace the header, so that there is one. */
function entryAt(header: string | undefined, hops: number): string {
  if (header === undefined) return '';
  if (!header.includes(',')) return header.trim();
  const entries = listOf(header);
  return entries[Math.max(0, entries.length - 1 - hops)] ?? '';
}

function forwardedBy({ headers }: HttpRequest, hops: number): Forwarded {
  const scheme = entryAt(headers['x-forwarded-proto'], hops).toLowerCase();
  const host = entryAt(headers['x-forwarded-host'], hops);
  const prefix = entryAt(headers['x-forwarded-prefix'], hops);
  return {
    scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
    host: HOST.test(host) ? host : undefined,
    prefix: PREFIX.test(prefix) ? prefix.replace(/\/$/, '') : '',
  };
}
