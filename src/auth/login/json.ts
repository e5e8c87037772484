import { isRecord } from '../../oci/descriptor.ts';

/** The object that a text is in JSON; undefined for any other text. */
export function readRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
