import { compileNetwork, type IpMatcher, parseIp } from '../../ip.ts';
import { compileRegex, type Regex } from '../../pattern/regex.ts';
import { labelMatch, labelsOfText } from './label-match.ts';
import { NO_RULE } from './no-rule.ts';

/** Functions that a matcher may call, in the place of the package's own. */
export type CasbinFunctions = Readonly<Record<string, (...args: unknown[]) => boolean>>;

/**
 * `labelMatch` as in docker_auth; `ipMatch` that says no of a client without address; `regexMatch` in Go's syntax and
 * in linear time, since one side of it comes from clients. They throw where a rule is malformed.
 */
export function casbinFunctions(): CasbinFunctions {
  const networks = new Map<string, IpMatcher>();
  const regexes = new Map<string, Regex>();
  return {
    labelMatch: (has, demanded) =>
      demanded !== NO_RULE && labelMatch(labelsOfText(has), labelsOfText(demanded)),
    ipMatch(address, network) {
      if (network === NO_RULE) return false;
      const written = String(network);
      const matcher = kept(networks, written, () => {
        const compiled = compileNetwork(written);
        if (compiled === undefined) throw new TypeError('ipMatch: a rule has no address or network');
        return compiled;
      });
      return matcher(parseIp(String(address)));
    },
    regexMatch: (text, pattern) =>
      kept(regexes, String(pattern), () => compileRegex(String(pattern))).test(String(text)),
  };
}

const MAX_KEPT = 10_000;

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  // A matcher may build its patterns from what clients say.
  if (map.size >= MAX_KEPT) map.clear();
  map.set(key, made);
  return made;
}
