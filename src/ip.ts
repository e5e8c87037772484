import { isIPv4, isIPv6 } from 'node:net';

/** An address as 16-bit words: two for IPv4, eight for IPv6. */
export type IpWords = readonly number[];

/** Whether an address is in a network; one that could not be read is in none. */
export type IpMatcher = (address: IpWords | undefined) => boolean;

/**
 * Reads an address. IPv4 mapped into IPv6 (`::ffff:10.0.0.1`) is the IPv4 address, as in Go's net.IP.
 * Undefined if it is not one, or has a zone.
 */
export function parseIp(text: string): IpWords | undefined {
  const words = parseWords(text);
  return words !== undefined && isMapped(words) ? words.slice(6) : words;
}

/** The first `bits` bits of an address; those behind them are zero. */
export interface Network {
  readonly words: IpWords;
  readonly bits: number;
}

/**
 * Reads a single address or a network in CIDR notation; bits behind the prefix are ignored. What lies in
 * `::ffff:0:0/96` is a network of IPv4.
 *
 * @returns undefined where the text is neither
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const words = parseWords(slash < 0 ? text : text.slice(0, slash));
  const bits = (words?.length ?? 0) * 16;
  const prefixText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = Number(prefixText);
  if (words === undefined || !/^[0-9]+$/.test(prefixText) || prefix > bits) return undefined;
  const network = maskedTo(words, prefix);
  if (!isMapped(network)) return { words: network, bits: prefix };
  return { words: network.slice(6), bits: Math.max(0, prefix - 96) };
}

/** The network of so many bits that an address is in. */
export function maskedTo(address: IpWords, bits: number): IpWords {
  return address.map((word, index) => word & maskOfWord(bits - index * 16));
}

/**
 * Compiles a single address or a network in CIDR notation.
 * IPv4 addresses are in no IPv6 network but those inside `::ffff:0:0/96`.
 *
 * @returns undefined where the text is neither
 */
export function compileNetwork(text: string): IpMatcher | undefined {
  const network = parseNetwork(text);
  if (network === undefined) return undefined;
  const { words, bits } = network;
  const masks = words.map((_, index) => maskOfWord(bits - index * 16));
  return contains(words, masks);
}

function contains(network: IpWords, masks: readonly number[]): IpMatcher {
  return (address) =>
    address !== undefined &&
    address.length === network.length &&
    network.every((word, index) => ((address[index] ?? 0) & (masks[index] ?? 0)) === word);
}

/** The mask of a word of which the first `prefix` bits count. */
function maskOfWord(prefix: number): number {
  return (0xffff << (16 - Math.min(Math.max(prefix, 0), 16))) & 0xffff;
}

function isMapped(words: IpWords): boolean {
  return words.length === 8 && words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0);
}

function parseWords(text: string): number[] | undefined {
  if (isIPv4(text)) return parseIPv4(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = text.split('::');
  const front = parseGroups(head);
  if (tail === undefined) return front;
  const back = parseGroups(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? parseIPv4(group) : [Number.parseInt(group, 16)]));
}

function parseIPv4(text: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
