/** From when on a key signs: it is published before. A key of earlier versions signs from when it was made. */
export const KEY_ROTATION = `
ALTER TABLE signing_keys ADD COLUMN signs_from INTEGER NOT NULL DEFAULT 0;
UPDATE signing_keys SET signs_from = created_at;
`;
