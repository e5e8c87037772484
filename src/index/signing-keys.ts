/** A key that signs tokens, has signed them, or will. */
export interface SigningKeyRecord {
  readonly id: string;
  /** PKCS #8 in PEM. Secret. */
  readonly privateKeyPem: string;
  readonly createdAtMs: number;
  /** It is published before, and signs from then on, until a later one does. */
  readonly signsFromMs: number;
}

/**
 * The keys that sign tokens; all processes over one index share them. They lie in rings, each of which is changed by
 * itself: that of a service that has keys of its own is called as the service, and that of all others ''.
 */
export interface SigningKeyIndex {
  /** All keys of a ring, that first which signs, or will sign, last. */
  list(ring?: string): Promise<SigningKeyRecord[]>;
  /**
   * Adds the key if its ring has none yet. Of several processes that start at once, one's key is taken by all.
   * @returns the keys afterwards, in the order of `list`
   */
  createFirst(key: SigningKeyRecord, ring?: string): Promise<SigningKeyRecord[]>;
  /**
   * Adds a key that follows another. Of several processes that want to at once, one does.
   * @param follows the id of what `list` names first
   * @returns false where another key is the first by now
   */
  add(key: SigningKeyRecord, follows: string, ring?: string): Promise<boolean>;
  /** Of whichever ring: no two keys have the same id. @returns whether it was there */
  remove(id: string): Promise<boolean>;
}
