/** A key that signs, or signed, tokens. */
export interface SigningKeyRecord {
  readonly id: string;
  /** PKCS #8 in PEM. Secret. */
  readonly privateKeyPem: string;
  readonly createdAtMs: number;
}

/** The keys that sign tokens; all processes over one index share them. */
export interface SigningKeyIndex {
  /** All keys, the newest first. */
  list(): Promise<SigningKeyRecord[]>;
  /**
   * Adds the key if there is none yet. Of several processes that start at once, one's key is taken by all.
   * @returns the keys afterwards, the newest first
   */
  createFirst(key: SigningKeyRecord): Promise<SigningKeyRecord[]>;
}
