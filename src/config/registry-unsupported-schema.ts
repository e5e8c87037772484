import { compatibility, middleware, policy, proxy, redis, reporting } from './registry-original-schema.ts';
import { type Field, onlyIn, optional, type Type, unsupported } from './schema.ts';
import { anything } from './types-scalar.ts';
import { section } from './types-section.ts';

/**
 * Sections of registry 2.8 and 3.1 that Berth does not have yet. Their keys are listed because the
 * environment rule must know Go's field names: `REGISTRY_PROXY_REMOTEURL` is an error here, while
 * `REGISTRY_PROXY_PORT` (which Kubernetes sets) is ignored, as it is by the original.
 */

/** What a key inside such a section says; the section itself says the rest. */
const inside = optional(anything, 'See the section.');

function names(...keys: readonly string[]): Record<string, Field<undefined>> {
  return Object.fromEntries(keys.map((key) => [key, inside]));
}

function sectionOf(...keys: readonly string[]): Type<unknown> {
  return section(names(...keys));
}

const NOT_YET = 'this version of Berth does not have it; remove the section';

const top = {
  middleware,
  reporting,
  redis,
  proxy,
  compatibility: onlyIn(2, optional(compatibility, 'Older formats.')),
  validation: unsupported(
    section({
      ...names('enabled', 'disabled'),
      manifests: {
        ...inside,
        type: section({
          urls: { ...inside, type: sectionOf('allow', 'deny') },
          indexes: { ...inside, type: sectionOf('platforms', 'platformlist') },
        }),
      },
    }),
    NOT_YET,
  ),
  policy,
};

/** The fields of `config.yml` that Berth does not have. */
export const unsupportedSections: { readonly top: typeof top } = { top };
