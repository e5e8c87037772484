/** With which token an upload was begun, so that it can be ended with the same. */
export const UPLOAD_TOKENS = `
ALTER TABLE uploads ADD COLUMN token_digest TEXT;
`;
