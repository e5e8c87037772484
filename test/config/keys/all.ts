import { authKeys } from './auth.ts';
import type { KeyCases } from './case.ts';
import { externalKeys } from './external.ts';
import { healthKeys } from './health.ts';
import { httpKeys } from './http.ts';
import { logKeys } from './log.ts';
import { loginKeys } from './logins.ts';
import { notificationsKeys } from './notifications.ts';
import { repositoriesKeys } from './repositories.ts';
import { storageKeys } from './storage.ts';
import { tlsKeys } from './tls.ts';
import { topKeys } from './top.ts';
import { validationKeys } from './validation.ts';

/** The case of every key that Berth obeys. */
export const KEY_CASES: KeyCases = {
  ...topKeys,
  ...logKeys,
  ...storageKeys,
  ...authKeys,
  ...loginKeys,
  ...externalKeys,
  ...httpKeys,
  ...tlsKeys,
  ...healthKeys,
  ...notificationsKeys,
  ...validationKeys,
  ...repositoriesKeys,
};
