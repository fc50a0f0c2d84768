import { api, data, type Schemas } from '@/api/client'
import type { Page } from '@/ui/list'
import type { Task } from './data'

export const views = ['todo', 'claimable', 'done', 'cc', 'started', 'drafts'] as const
export type View = (typeof views)[number]

/** What the inbox is narrowed by: all of it is in the address. */
export interface InboxFilter {
  process: string
  words: string
  overdue: boolean
  sort: string
}

const taskView: Partial<Record<View, string>> = { todo: 'todo', claimable: 'claimable', done: 'done', cc: 'copied' }

/** The search that a filter means, for lists and exports alike. */
export function searchOf(view: View, f: InboxFilter): { parameters: Record<string, string>; condition?: Schemas['Condition'] } {
  const all: Schemas['Condition'][] = []
  if (f.process) all.push({ field: 'processKey', operator: 'in', value: [f.process] })
  if (f.words.trim()) all.push({ any: [{ field: 'name', operator: 'prefix', value: f.words.trim() }, { field: 'businessKey', operator: 'prefix', value: f.words.trim() }] })
  if (f.overdue) all.push({ field: 'dueAt', operator: 'lt', value: new Date().toISOString() })
  return { parameters: { view: taskView[view] ?? 'todo' }, condition: all.length ? { all } : undefined }
}

/** One page of tasks. A search costs the server more than a list, so it is asked only where something is searched. */
export async function taskPage(view: View, f: InboxFilter, page: { cursor?: string; limit: number; signal: AbortSignal }): Promise<Page<Task>> {
  const { condition, parameters } = searchOf(view, f)
  const sort = (f.sort || '-createdAt') as '-createdAt'
  if (condition) return data(api.POST('/api/v1/tasks:search', { body: { parameters, condition, sort, limit: page.limit, cursor: page.cursor }, signal: page.signal }))
  return data(api.GET('/api/v1/tasks', { params: { query: { view: parameters.view as 'todo', sort, limit: page.limit, cursor: page.cursor } }, signal: page.signal }))
}
