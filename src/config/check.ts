import { formatPlace, type Place } from './config-error.ts';
import { Decoding, type Remark } from './decoding.ts';
import { type RegistrySources, type RegistryTree, readRegistryTree } from './distribution.ts';
import { explainIgnored } from './ignored-variables.ts';
import { type Machine, THIS_MACHINE } from './machine.ts';
import { formatPath, isPrefix } from './node.ts';
import { registrySchema } from './registry-schema.ts';
import { remarkUnseenChanges } from './unseen-changes.ts';
import { concerns, type Finding, judge, placeShown } from './verdict.ts';
import { type WrittenOption, writtenOptions } from './written-options.ts';

/** What there is to say of a configuration. */
export interface CheckReport {
  /** The file that was read; undefined: there is none, and the built-in configuration holds. */
  readonly file: string | undefined;
  readonly findings: readonly Finding[];
}

export interface CheckOptions {
  /** Which registry the configuration is from; undefined: it may be either. */
  readonly from?: 2 | 3 | undefined;
  /** The files of this machine. */
  readonly machine?: Machine;
}

/**
 * What `berth serve` would make of every option of a configuration. Values are not part of it, save where a message
 * about a wrong one shows it.
 *
 * @throws ConfigError when the file cannot be read or is not YAML
 */
export function checkRegistryConfig(options: RegistrySources & CheckOptions): CheckReport {
  return checkRegistryTree(readRegistryTree(options), options);
}

/** The same for a configuration already read. */
export function checkRegistryTree(tree: RegistryTree, options: CheckOptions): CheckReport {
  const { from, machine = THIS_MACHINE } = options;
  const decoding = Decoding.start(tree.place);
  registrySchema.decode(tree.root, decoding);
  remarkUnseenChanges(tree, decoding);
  const written = writtenOptions(tree.root);
  const used = new Set<Remark>();
  const judged = written.map((option) => {
    const remarks = decoding.remarks.filter((remark) => concerns(remark, option, written));
    for (const remark of remarks) used.add(remark);
    return judge(option, remarks, { from, machine });
  });
  const findings = [
    ...judged,
    ...decoding.remarks.filter((remark) => !used.has(remark)).flatMap(standingAlone),
    ...tree.problems.map(({ place, message }) => refusal(place, '', message)),
    ...replaced(tree, written),
    ...tree.ignored.map(
      (name): Finding => ({
        verdict: 'works-as-before',
        place: { kind: 'variable', variable: name },
        key: '',
        notes: [explainIgnored(name, registrySchema)],
        needsAction: false,
      }),
    ),
    ...tree.passedOver.map(
      (file): Finding => ({
        verdict: 'works-differently',
        place: { kind: 'whole-file', file },
        key: '',
        notes: [`not read, since there is ${tree.file}; name the one that is meant`],
        needsAction: true,
      }),
    ),
  ];
  return { file: tree.file, findings };
}

function refusal(place: Place, key: string, message: string): Finding {
  return { verdict: 'not-supported', place, key, notes: [message], needsAction: true };
}

/** What is said of no single option: a missing one, or several together. */
function standingAlone({ kind, place, path, text }: Remark): readonly Finding[] {
  if (kind === 'problem' || kind === 'refused') return [refusal(place, formatPath(path), text)];
  if (kind !== 'notice' && kind !== 'decide') return [];
  const needsAction = kind === 'decide';
  const verdict = needsAction ? 'works-differently' : 'works-as-before';
  return [{ verdict, place, key: formatPath(path), notes: [text], needsAction }];
}

/** Options of the file in whose place the environment put something else. */
function replaced({ written }: RegistryTree, options: readonly WrittenOption[]): readonly Finding[] {
  const standing = new Set(options.map(({ place }) => formatPlace(place)));
  return writtenOptions(written)
    .filter(({ place }) => !standing.has(formatPlace(place)))
    .map((option) => {
      const by = options.find(
        ({ path, place }) =>
          place.kind === 'variable' && (isPrefix(path, option.path) || isPrefix(option.path, path)),
      );
      return {
        verdict: 'works-as-before',
        place: placeShown(option),
        key: formatPath(option.path),
        notes: [`replaced by ${by === undefined ? 'the environment' : formatPlace(by.place)}`],
        needsAction: false,
      };
    });
}
