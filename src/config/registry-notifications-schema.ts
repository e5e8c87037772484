import type { Decoding } from './decoding.ts';
import { checkHeader } from './header-checks.ts';
import { type ConfigNode, formatPath } from './node.ts';
import type { EndpointSettings, NotificationsSettings } from './notifications-settings.ts';
import { differs, optional, sub, type Type, withDefault } from './schema.ts';
import { Secret } from './secret.ts';
import { bool, duration, int, oneOf, secretText, text } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

const DEFAULT_MS = 1_000;
const DEFAULT_THRESHOLD = 10;

const headers = refine(map(list(secretText)), (value, at, node) => {
  for (const [name, values] of value) {
    const revealed = values.map((one) => one.reveal());
    checkHeader(name, revealed, at, node);
  }
  return value;
});

const ignore = section({
  mediatypes: withDefault(list(text), 'Media types that the endpoint does not hear of.', [], ''),
  actions: withDefault(
    list(oneOf(['pull', 'push', 'mount', 'delete'])),
    'Actions that it does not hear of; either list alone is enough.',
    [],
    '',
  ),
});

/** Nothing of a URL with credentials is shown; without a name an endpoint goes by what is left. */
function checkUrl(url: Secret, at: Decoding, node: ConfigNode): URL | undefined {
  const written = url.reveal();
  const parsed = URL.canParse(written) ? new URL(written) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.hash === '') return parsed;
  const name = formatPath([...at.path, 'url']);
  at.report(`"${name}" must be a URL such as https://events.example.com/hook`, placeOfKey(node, 'url', at));
  return undefined;
}

const endpoint = refine(
  section({
    name: withDefault(text, 'What its queue, the log and metrics call it; the URL if not set.', '', ''),
    disabled: withDefault(bool, 'Switched off: it hears of nothing.', false),
    url: differs(
      withDefault(secretText, 'Where events are sent, by POST; http or https.', new Secret(''), ''),
      "one event to a request, in registry:3's envelope (application/vnd.docker.distribution.events.v2+json; registry:2 writes v1); redirects are not followed",
    ),
    headers: optional(headers, 'Headers of every request.'),
    timeout: withDefault(duration, 'The longest that an attempt takes.', DEFAULT_MS, '1s'),
    threshold: withDefault(int(), 'So many attempts follow one another at once.', DEFAULT_THRESHOLD),
    backoff: differs(
      withDefault(duration, 'The wait after them; it doubles, up to a minute.', DEFAULT_MS, '1s'),
      'the wait doubles each time, up to a minute, and what is never taken is given up in the end',
    ),
    ignoredmediatypes: withDefault(list(text), 'Old name of ignore.mediatypes.', [], ''),
    ignore: sub(ignore, 'What it does not hear of.'),
  }),
  (value, at, node): EndpointSettings & { readonly disabled: boolean } => {
    // Of one that is switched off the original looks at nothing.
    const url = value.disabled ? undefined : checkUrl(value.url, at, node);
    return {
      name: value.name === '' && url !== undefined ? url.host + url.pathname : value.name,
      disabled: value.disabled,
      url: value.url,
      headers: value.headers ?? new Map<string, readonly Secret[]>(),
      // "If these are not set or zero", distribution's EndpointConfig takes its defaults.
      timeoutMs: value.timeout > 0 ? Math.ceil(value.timeout) : DEFAULT_MS,
      threshold: value.threshold > 0 ? value.threshold : DEFAULT_THRESHOLD,
      backoffMs: value.backoff > 0 ? value.backoff : DEFAULT_MS,
      ignoredMediaTypes: [...value.ignore.mediatypes, ...value.ignoredmediatypes],
      ignoredActions: value.ignore.actions,
    };
  },
);

const endpoints = refine(list(endpoint), (value, at, node): readonly EndpointSettings[] => {
  const enabled = value.filter(({ disabled }) => !disabled);
  const places = node.kind === 'list' ? node.items.map(({ place }) => place) : [];
  const names = new Set<string>();
  for (const [position, { name, disabled }] of value.entries()) {
    if (disabled) continue;
    if (names.has(name)) {
      const message = `two endpoints are called ${JSON.stringify(name)}; give each a name of its own`;
      at.report(message, places[position]);
    }
    names.add(name);
  }
  return enabled.map(({ disabled: _, ...settings }) => settings);
});

/** `notifications` of the registry's dialect. */
export const notifications: Type<NotificationsSettings> = refine(
  section({
    events: {
      ...sub(
        section({
          includereferences: withDefault(bool, 'Events of manifests list what these refer to.', false),
        }),
        'What events hold.',
      ),
      goName: 'EVENTCONFIG',
    },
    endpoints: optional(endpoints, 'Who is told.'),
  }),
  (value) => ({
    includeReferences: value.events.includereferences,
    endpoints: value.endpoints ?? [],
  }),
);
