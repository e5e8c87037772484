import type { DebugSettings } from './debug-settings.ts';
import { parseListenAddress } from './listen-address.ts';
import { formatPath } from './node.ts';
import { differs, sub, type Type, withDefault } from './schema.ts';
import { bool, text } from './types-scalar.ts';
import { placeOfKey, refine, section } from './types-section.ts';

const prometheus = refine(
  section({
    enabled: differs(
      withDefault(bool, 'Keep and serve metrics.', false),
      'the numbers of the process are those of Node (nodejs_…), not of Go (go_…)',
    ),
    path: withDefault(text, 'Path of the metrics.', '/metrics'),
  }),
  (value, at, node) => {
    const path = value.path === '' ? '/metrics' : value.path;
    if (/^\/[\w.~/-]*$/.test(path)) return value.enabled ? path : '';
    at.report(`"${at.path.join('.')}.path" must be a path such as /metrics`, placeOfKey(node, 'path', at));
    return undefined;
  },
);

/** `http.debug`, and `debug` of `berth auth`; one without an address is none, as in the original. */
export const debug: Type<{ readonly settings: DebugSettings | undefined }> = refine(
  section({
    addr: differs(
      withDefault(
        text,
        'Address of the debug server; it knows no passwords, so nobody else must reach it.',
        '',
      ),
      "there is no /debug/pprof, which is Go's, and /debug/vars has the command line and the memory only",
    ),
    prometheus: sub(prometheus, 'Metrics.'),
  }),
  (value, at, node) => {
    const name = formatPath(at.path);
    const metricsPath = value.prometheus === '' ? undefined : value.prometheus;
    if (value.addr === '') {
      if (metricsPath !== undefined) {
        at.notice(`"${name}.prometheus" has no effect without ${name}.addr: nothing would serve the metrics`);
      }
      return { settings: undefined };
    }
    const listen = parseListenAddress(value.addr, 'tcp');
    if (listen.kind === 'wrong') {
      at.report(`"${name}.addr" ${listen.why}`, placeOfKey(node, 'addr', at));
      return undefined;
    }
    return { settings: { addr: value.addr, listen, metricsPath } };
  },
);
