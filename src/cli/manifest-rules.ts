import type { ValidationSettings } from '../config/validation-settings.ts';
import { compileRegex } from '../pattern/regex.ts';
import { DEFAULT_RULES, type ManifestRules } from '../registry/manifest-rules.ts';

/** The rules that the configuration asks for. Its patterns were checked when it was read. */
export function manifestRules(settings: ValidationSettings | undefined): ManifestRules {
  if (settings === undefined) return DEFAULT_RULES;
  const { platforms, blobs, urls } = settings;
  if (urls === undefined) return { ...DEFAULT_RULES, platforms, blobs };
  const allow = urls.allow.map(compileRegex);
  const deny = urls.deny.map(compileRegex);
  return {
    platforms,
    blobs,
    // As distribution: without a list of what is allowed, all is that is not denied.
    isAllowedUrl: (url) =>
      (allow.length === 0 || allow.some((pattern) => pattern.test(url))) &&
      !deny.some((pattern) => pattern.test(url)),
  };
}
