/** A key that signs tokens, has signed them, or will. */
export interface SigningKeyRecord {
  readonly id: string;
  /** PKCS #8 in PEM. Secret. */
  readonly privateKeyPem: string;
  readonly createdAtMs: number;
  /** It is published before, and signs from then on, until a later one does. */
  readonly signsFromMs: number;
}

/** The keys that sign tokens; all processes over one index share them. */
export interface SigningKeyIndex {
  /** All keys, that first which signs, or will sign, last. */
  list(): Promise<SigningKeyRecord[]>;
  /**
   * Adds the key if there is none yet. Of several processes that start at once, one's key is taken by all.
   * @returns the keys afterwards, in the order of `list`
   */
  createFirst(key: SigningKeyRecord): Promise<SigningKeyRecord[]>;
  /**
   * Adds a key that follows another. Of several processes that want to at once, one does.
   * @param follows the id of what `list` names first
   * @returns false where another key is the first by now
   */
  add(key: SigningKeyRecord, follows: string): Promise<boolean>;
  /** @returns whether it was there */
  remove(id: string): Promise<boolean>;
}
