/** What a person chose on this screen; where storage is forbidden, it lasts for the visit. */
export function readChoice(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Forbidden by the browser's settings.
    return null;
  }
}

export function writeChoice(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Forbidden or full: nothing but this choice depends on it.
  }
}
