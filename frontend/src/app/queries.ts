import { QueryClient } from '@tanstack/vue-query'

/** What the console knows of the server. The first part of a key names the kind of thing, so that events can reach it. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 10 * 60_000,
      retry: false, // the client of the API has tried again already
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
})

/** The kinds of things that a live event makes stale. */
export const touched: Record<string, string[]> = {
  'task.created': ['home', 'tasks', 'task', 'instance', 'unread'],
  'task.completed': ['home', 'tasks', 'task', 'instance'],
  'notification.created': ['notifications', 'unread', 'home'],
  'instance.updated': ['home', 'instances', 'instance', 'tasks', 'incidents'],
  'incident.created': ['incidents', 'instances', 'instance'],
  'batch.progress': ['batches', 'batch'],
  'stream.reset': [],
}

/** Makes what an event is about be read again, where it is shown. An empty list means everything. */
export function invalidate(event: string) {
  const kinds = touched[event]
  if (!kinds) return
  if (kinds.length === 0) {
    void queries.invalidateQueries()
    return
  }
  for (const kind of kinds) void queries.invalidateQueries({ queryKey: [kind] })
}
