/** Undefined where the text is no JSON: a schema refuses that as it refuses anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
