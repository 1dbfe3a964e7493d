/**
 * KMS's encryption context of a sealed row: `class` is the first word of its reference (`key`, `chain`, `account`...), beside the whole
 * `ref` and the `owner`. It is additional data of the wrapped key, stands in CloudTrail, and policies can ask for its class and owner.
 * @param context what the vault binds a row to: `["<ref>","<owner>"]`; any other text is kept whole
 */
export function encryptionContext(context: string): Record<string, string> {
  const [ref, owner] = binding(context);
  if (ref === undefined || owner === undefined) return { context };
  return { class: ref.split('/', 1)[0]!, owner, ref };
}

function binding(context: string): readonly (string | undefined)[] {
  try {
    const parts: unknown = JSON.parse(context);
    return Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}
