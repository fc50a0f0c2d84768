import { elementsOf } from '../starters'

/** The names of variables that the tables of a file of decisions read: inputs that are one name. */
export function inputsOf(xml: string): string[] {
  const file = new DOMParser().parseFromString(xml, 'text/xml')
  const texts = elementsOf(file, 'inputExpression').map((e) => e.textContent?.trim() ?? '')
  const data = elementsOf(file, 'inputData').map((e) => e.getAttribute('name') ?? '')
  return [...new Set([...texts, ...data])].filter((name) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
}

/** A value as JSON where it is some, and else as the text that it is. */
export function valueOf(text: string): unknown {
  const value = text.trim()
  if (value === '') return null
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}
