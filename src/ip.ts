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

/**
 * Compiles a single address or a network in CIDR notation; bits behind the prefix are ignored.
 * IPv4 addresses are in no IPv6 network but those inside `::ffff:0:0/96`.
 *
 * @returns undefined where the text is neither
 */
export function compileNetwork(text: string): IpMatcher | undefined {
  const slash = text.indexOf('/');
  const words = parseWords(slash < 0 ? text : text.slice(0, slash));
  const bits = (words?.length ?? 0) * 16;
  const prefixText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = Number(prefixText);
  if (words === undefined || !/^[0-9]+$/.test(prefixText) || prefix > bits) return undefined;
  const masks = words.map((_, index) => maskOfWord(prefix - index * 16));
  const network = words.map((word, index) => word & (masks[index] ?? 0));
  return isMapped(network) ? contains(network.slice(6), masks.slice(6)) : contains(network, masks);
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
