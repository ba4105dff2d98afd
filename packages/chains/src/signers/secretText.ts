/**
 * Text of a setting, fit to be shown: whatever is as long as a key is left out, because people put
 * keys where paths and names belong.
 */
export function withoutKeys(text: string): string {
  return text.replace(/(?:0x)?[0-9a-f]{32,}/gi, '(hidden)').slice(0, 300);
}
