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

/** The kinds of things that a live event makes stale; an empty list means everything. */
export const touched: Record<string, string[]> = {
  'task.created': ['home', 'tasks', 'task', 'instance', 'unread'],
  'task.completed': ['home', 'tasks', 'task', 'instance'],
  'notification.created': ['notifications', 'unread', 'home'],
  'instance.updated': ['home', 'instances', 'instance', 'tasks', 'incidents'],
  'incident.created': ['incidents', 'instances', 'instance'],
  'batch.progress': ['batches', 'batch'],
  'stream.reset': [],
}

const calm = 1_000 // milliseconds
let stale = new Set<string>()
let resting = false

/** Makes what an event is about be read again, where it is shown: at once, or with all that comes within the same second. */
export function invalidate(event: string) {
  const kinds = touched[event]
  if (!kinds) return
  for (const kind of kinds.length ? kinds : ['*']) stale.add(kind)
  if (!resting) readAgain()
}

/** A thousand tasks that begin at one moment are a thousand events: what is shown is read once, and once more at the end. */
function readAgain() {
  const kinds = stale
  stale = new Set()
  resting = kinds.size > 0
  if (!resting) return
  if (kinds.has('*')) void queries.invalidateQueries()
  else for (const kind of kinds) void queries.invalidateQueries({ queryKey: [kind] })
  setTimeout(readAgain, calm)
}
