/** Which of them belong together and follow each other. Keys of earlier versions are of the one ring that there was. */
export const KEY_RINGS = `
ALTER TABLE signing_keys ADD COLUMN ring TEXT NOT NULL DEFAULT '';
`;
