import { type Digest, isDigest } from './digest.ts';
import { InvalidValueError, quoted } from './invalid.ts';

/** The parts of a content descriptor that Berth acts on (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly urls: readonly string[];
  /** Of a child of an index; undefined also where it is not of the shape that the specification asks for. */
  readonly platform: Platform | undefined;
  /** As `platform`: what is malformed is left out, since nothing but lists shows it. */
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** What a child of an index runs on (image-spec, image-index.md). */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
}

function platformOf(value: unknown): Platform | undefined {
  if (!isRecord(value)) return undefined;
  const { architecture, os } = value;
  return typeof architecture === 'string' && typeof os === 'string' ? { architecture, os } : undefined;
}

/** Whether the value is an object whose values are all texts. */
export function isTextRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Refuses members that differ from a known one in case alone. Go's JSON decoder, and so every client, takes `Layers`
 * for `layers`: what one reader skips, another would act on (CVE-2021-41190).
 * @throws InvalidValueError kind `manifest`
 */
export function refuseOtherCase(
  document: Record<string, unknown>,
  known: ReadonlyMap<string, string>,
  where: string,
): void {
  for (const name of Object.keys(document)) {
    const meant = known.get(name.toLowerCase());
    if (meant !== undefined && meant !== name) {
      throw new InvalidValueError('manifest', `${where} has ${quoted(name)}; write ${quoted(meant)}`);
    }
  }
}

/** Names by their lower-case form, for `refuseOtherCase`. */
export function byLowerCase(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name.toLowerCase(), name]));
}

const MEMBERS = byLowerCase([
  'mediaType',
  'digest',
  'size',
  'urls',
  'annotations',
  'data',
  'platform',
  'artifactType',
]);

/**
 * Reads a descriptor out of a parsed manifest.
 * @param where the descriptor's place in the manifest, for the message, such as `layers[2]`
 * @throws InvalidValueError kind `manifest`
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  const fail = (what: string): never => {
    throw new InvalidValueError('manifest', `${where}${what}`);
  };
  if (!isRecord(value)) return fail(' must be a descriptor, an object with mediaType, digest and size');
  refuseOtherCase(value, MEMBERS, where);
  const { mediaType, digest, size, urls } = value;
  if (typeof mediaType !== 'string' || mediaType === '') return fail('.mediaType must be a text');
  if (typeof digest !== 'string' || !isDigest(digest)) {
    return fail('.digest must be a sha256 or sha512 digest');
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    return fail('.size must be a whole number of bytes');
  }
  if (urls !== undefined && urls !== null) {
    if (!Array.isArray(urls) || !urls.every((url) => typeof url === 'string')) {
      return fail('.urls must be a list of texts');
    }
  }
  return {
    mediaType,
    digest,
    sizeBytes: size,
    urls: (urls as string[] | null | undefined) ?? [],
    platform: platformOf(value['platform']),
    annotations: isTextRecord(value['annotations']) ? value['annotations'] : undefined,
  };
}
