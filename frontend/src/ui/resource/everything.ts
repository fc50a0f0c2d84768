import type { Page } from '../list'

/** Reads a list to its end, a hundred rows at a time: for trees and choices, not for what grows without bounds. */
export async function everything<Row>(read: (page: { limit: number; cursor?: string }) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await read({ limit: 100, cursor })
    rows.push(...page.items)
    cursor = page.nextCursor || undefined
  } while (cursor)
  return rows
}
