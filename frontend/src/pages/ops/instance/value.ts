/** The type of a value of JSON, as the texts name it. */
export function typeOf(value: unknown): 'text' | 'number' | 'flag' | 'list' | 'object' | 'nothing' {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'flag'
  return typeof value === 'object' ? 'object' : 'text'
}

/** A value in a line or a few. */
export function excerpt(value: unknown, most = 400): string {
  const text = JSON.stringify(value) ?? ''
  return text.length > most ? text.slice(0, most) + '…' : text
}

/** Reads a value of JSON; the reason where it is none. */
export function parse(text: string): { value?: unknown; wrong?: string } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (thrown) {
    return { wrong: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}
