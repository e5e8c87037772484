import { compileNetwork, type IpMatcher } from '../../ip.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';

/**
 * Compiles a single address or a network in CIDR notation.
 * @throws PatternSyntaxError
 */
export function compileIpPattern(pattern: string): IpMatcher {
  const matcher = compileNetwork(pattern);
  if (matcher !== undefined) return matcher;
  throw new PatternSyntaxError(
    `"${pattern}" is not an address or network: write for example 192.168.0.1, 192.168.0.0/16 or 2001:db8::/48`,
    pattern,
    0,
  );
}
