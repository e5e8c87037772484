import { accessSync, constants } from 'node:fs';
import { formatPlace, type Place } from './config-error.ts';
import { Decoding, type Remark } from './decoding.ts';
import { type RegistrySources, type RegistryTree, readRegistryTree } from './distribution.ts';
import { explainIgnored } from './ignored-variables.ts';
import { formatPath, type Path } from './node.ts';
import { registrySchema } from './registry-schema.ts';
import { type WrittenOption, writtenOptions } from './written-options.ts';

/** What becomes of an option in Berth. */
export type Verdict = 'works-as-before' | 'works-differently' | 'not-supported';

/** One option that was found, or one thing that is wrong. */
export interface Finding {
  readonly verdict: Verdict;
  readonly place: Place;
  /** `http.addr`; empty for a variable that leads to no key. */
  readonly key: string;
  /** How it differs, what to do, or what is good to know. Sentences without their end. */
  readonly notes: readonly string[];
  /** The meaning would change unseen, or Berth would refuse to start. */
  readonly needsAction: boolean;
}

export interface CheckReport {
  /** The file that was read; undefined: there is none, and the built-in configuration holds. */
  readonly file: string | undefined;
  readonly findings: readonly Finding[];
}

export interface CheckOptions extends RegistrySources {
  /** Which registry the configuration is from; undefined: it may be either. */
  readonly from?: 2 | 3 | undefined;
}

/**
 * What `berth serve` would make of every option of a configuration. Values are not part of it, save where a message
 * about a wrong one shows it.
 *
 * @throws ConfigError when the file cannot be read or is not YAML
 */
export function checkRegistryConfig(options: CheckOptions): CheckReport {
  const tree = readRegistryTree(options);
  const decoding = Decoding.start(tree.place);
  registrySchema.decode(tree.root, decoding);
  const written = writtenOptions(tree.root);
  const used = new Set<Remark>();
  const judged = written.map((option) => {
    const remarks = decoding.remarks.filter((remark) => concerns(remark, option, written));
    for (const remark of remarks) used.add(remark);
    return judge(option, remarks, options.from);
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
  ];
  return { file: tree.file, findings };
}

function refusal(place: Place, key: string, message: string): Finding {
  return { verdict: 'not-supported', place, key, notes: [message], needsAction: true };
}

/** What is said of no single option: a missing one, or several together. */
function standingAlone({ kind, place, path, text }: Remark): readonly Finding[] {
  if (kind === 'problem' || kind === 'refused') return [refusal(place, formatPath(path), text)];
  if (kind !== 'notice') return [];
  return [{ verdict: 'works-as-before', place, key: formatPath(path), notes: [text], needsAction: false }];
}

function judge(option: WrittenOption, remarks: readonly Remark[], from: 2 | 3 | undefined): Finding {
  const texts = (...kinds: readonly Remark['kind'][]): string[] => [
    ...new Set(remarks.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => text)),
  ];
  const { place } = option;
  const finding = { place: placeShown(option), key: formatPath(option.path) };
  const wrong = texts('problem', 'refused');
  if (wrong.length > 0) return { ...finding, verdict: 'not-supported', notes: wrong, needsAction: true };

  const remarked = [...texts('notice'), ...texts('file').flatMap(unreadable)];
  const how = [...texts('no-effect').map((reason) => `has no effect: ${reason}`), ...texts('differs')];
  // registry:2 ignores variables with the number of a list's item.
  const isItem = place.kind === 'variable' && option.path.some((step) => typeof step === 'number');
  const [only] = [
    ...texts('only-in').map(Number),
    ...(isItem && /_[0-9]+(_|$)/.test(place.variable) ? [3] : []),
  ];
  const other = only === 3 ? 2 : 3;
  if (only !== undefined && from !== only && texts('no-effect').length === 0) {
    how.push(`registry:${other} ignores it; Berth does as registry:${only}`);
    return {
      ...finding,
      verdict: 'works-differently',
      notes: [...how, ...remarked],
      needsAction: from === other,
    };
  }
  const verdict = how.length > 0 ? 'works-differently' : 'works-as-before';
  return { ...finding, verdict, notes: [...how, ...remarked], needsAction: false };
}

/** A key is easier to find than what stands behind it. */
function placeShown({ place, keyPlace }: WrittenOption): Place {
  return place.kind === 'file' && keyPlace.kind === 'file' ? keyPlace : place;
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

function concerns(remark: Remark, option: WrittenOption, options: readonly WrittenOption[]): boolean {
  // `auth: token` is one option, though the remark is about `auth.token`.
  if (isPrefix(option.path, remark.path)) return true;
  if (!isPrefix(remark.path, option.path)) return false;
  if (remark.kind !== 'problem' && remark.kind !== 'notice') return true;
  const { place } = remark;
  if (place.kind !== 'variable')
    return [option.place, option.keyPlace].some((own) => formatPlace(own) === formatPlace(place));
  const ofVariable = options.filter((each) => isVariable(each.place, place.variable));
  return ofVariable.length === 1 && isVariable(option.place, place.variable);
}

function isVariable(place: Place, name: string): boolean {
  return place.kind === 'variable' && place.variable === name;
}

function isPrefix(path: Path, of: Path): boolean {
  return path.length <= of.length && path.every((step, index) => step === of[index]);
}

/** It may be there on the machine that will run the registry, so this is no problem yet. */
function unreadable(file: string): readonly string[] {
  try {
    accessSync(file, constants.R_OK);
    return [];
  } catch {
    return [`${file} cannot be read here`];
  }
}
