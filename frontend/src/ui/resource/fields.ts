import type { ProblemError } from '@/api/problem'

/** What a form holds, by the keys of its fields. */
export type Form = Record<string, unknown>

export interface Option {
  value: string
  label: string
  hint?: string
}

/** A field of a drawer. A kind `slot` is drawn by the page, in the slot `field-<key>`. */
export interface Field {
  key: string
  label: string
  kind: 'text' | 'textarea' | 'password' | 'secret' | 'number' | 'switch' | 'select' | 'multiple' | 'tags' | 'person' | 'department' | 'roles' | 'groups' | 'moment' | 'slot'
  hint?: string
  placeholder?: string
  required?: boolean
  /** It is given once and never changes. */
  onlyNew?: boolean
  options?: Option[]
  shown?: (form: Form) => boolean
  autocomplete?: string
}

/** Splits the details of a problem into those of fields, by the first part of their pointers, and the others. */
export function placed(problem: ProblemError, fields: Field[]): { at: Record<string, string>; elsewhere: string[] } {
  const at: Record<string, string> = {}
  const elsewhere: string[] = []
  for (const e of problem.errors) {
    const key = (e.pointer ?? '').replace(/^#?\//, '').split('/')[0]!.replaceAll('~1', '/').replaceAll('~0', '~')
    const text = e.detail || e.code
    if (fields.some((f) => f.key === key)) at[key] = at[key] ? `${at[key]} ${text}` : text
    else elsewhere.push([e.pointer, text].filter(Boolean).join('  '))
  }
  return { at, elsewhere }
}

/** A value of a field in words, to compare two of them. */
export function words(value: unknown): string {
  if (Array.isArray(value)) return value.map((v) => (typeof v === 'object' ? JSON.stringify(v) : String(v))).join(', ')
  if (value !== null && typeof value === 'object') return JSON.stringify(value)
  return value === null || value === undefined ? '' : String(value)
}

export interface Difference {
  label: string
  mine: string
  theirs: string
}

/** Where what others have made of an object differs from what it was when its form was opened. */
export function differences(fields: Field[], before: Form, theirs: Form, mine: Form): Difference[] {
  return fields
    .filter((f) => f.kind !== 'password' && f.kind !== 'secret' && words(before[f.key]) !== words(theirs[f.key]))
    .map((f) => ({ label: f.label, mine: words(mine[f.key]), theirs: words(theirs[f.key]) }))
}
