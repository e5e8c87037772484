import { compileRegex } from '../pattern/regex.ts';
import { PatternSyntaxError } from '../pattern/syntax-error.ts';
import { differs, onlyIn, optional, sub, type Type, withDefault } from './schema.ts';
import { bool, oneOf, text } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';
import type { ValidationSettings } from './validation-settings.ts';

const pattern: Type<string> = refine(text, (source, at, node) => {
  try {
    compileRegex(source);
    return source;
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    at.report(`${at.name} is ${error.message}`, node.place);
    return undefined;
  }
});

const urls = section({
  allow: optional(
    list(pattern),
    'Regexes (Go syntax); each address of a layer must match one. Without `allow` and `deny` each address is taken, unlike in distribution; `["^$"]` refuses them all.',
  ),
  deny: optional(list(pattern), 'Regexes (Go syntax); no address of a layer may match one.'),
});

const platform = section({
  architecture: withDefault(text, 'Architecture, such as `amd64`.', ''),
  os: withDefault(text, 'Operating system, such as `linux`.', ''),
});

const indexes = refine(
  section({
    platforms: withDefault(
      oneOf(['all', 'none', 'list'], { foldCase: true }),
      'Which children of an index must be there when it is pushed: `all`, `none`, or those of `platformlist`.',
      'all',
    ),
    platformlist: optional(list(platform), 'Platforms that `list` means.'),
  }),
  ({ platforms, platformlist = [] }, at, node): ValidationSettings['platforms'] => {
    if (platforms !== 'list') {
      if (platformlist.length > 0) {
        const place = placeOfKey(node, 'platformlist', at);
        at.notice(`"platformlist" has no effect unless "platforms" is list; it is ${platforms}`, place);
      }
      return platforms;
    }
    if (platformlist.length > 0) return platformlist;
    at.notice(
      '"platforms" is list and "platformlist" is empty, which means all',
      placeOfKey(node, 'platforms', at),
    );
    return 'all';
  },
);

const manifests = section({
  urls: sub(urls, 'Addresses of layers.'),
  indexes: onlyIn(3, sub(indexes, 'Children of indexes.')),
  blobs: onlyIn(
    'berth',
    withDefault(
      oneOf(['all', 'none'], { foldCase: true }),
      'Whether config and layers of an image must be there when it is pushed.',
      'all',
    ),
  ),
});

/** `validation`: distribution's, and `blobs`. */
export const validation: Type<ValidationSettings> = refine(
  section({
    enabled: differs(
      withDefault(
        bool,
        'Old name of the opposite of `disabled`; where both are true, this one counts.',
        false,
      ),
      'without urls.allow and urls.deny every address of a layer is taken, where the original takes none',
    ),
    disabled: withDefault(bool, 'Every address is taken, and no child of an index need be there.', false),
    manifests: sub(manifests, 'Pushed manifests.'),
  }),
  (value): ValidationSettings => {
    if (value.disabled && !value.enabled) {
      return { platforms: 'none', blobs: value.manifests.blobs, urls: undefined };
    }
    const { allow = [], deny = [] } = value.manifests.urls;
    return {
      platforms: value.manifests.indexes,
      blobs: value.manifests.blobs,
      urls: allow.length + deny.length === 0 ? undefined : { allow, deny },
    };
  },
);
