import type { ProblemError } from '@/api/problem'

/** The columns that a table of people may have, in the order of the example. */
export const columns = ['username', 'displayName', 'email', 'title', 'department', 'roles', 'groups', 'enabled']

/** A table to begin with. Excel takes a file for UTF-8 when it begins with U+FEFF. */
export const example = `\uFEFF${columns.join(',')}\r\nliuyang,刘洋,liuyang@example.com,工程师,rd,EMPLOYEE,,true\r\n`

/** Reads a file as text: UTF-8, or else GB 18030, in which Chinese versions of Excel write CSV. */
export function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

export interface Complaint {
  line: number | null
  column: string
  text: string
}

/** What the product refuses of a table, by the lines of the file. */
export function complaints(problem: ProblemError): Complaint[] {
  return problem.errors.map((e) => {
    const parts = (e.pointer ?? '').split('/').filter(Boolean)
    return { line: e.line ?? null, column: parts[0] === 'rows' ? (parts[2] ?? '') : (parts[0] ?? ''), text: e.detail || e.code }
  })
}
