import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, data, type Schemas } from '@/api/client'
import { queries } from '@/app/queries'

export type Task = Schemas['Task']
export type Instance = Schemas['Instance']

/** The latest version of each process that the caller may see. */
export function useProcesses() {
  const list = useQuery({
    queryKey: ['definitions', 'latest'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/definitions', { params: { query: { latest: true, limit: 100 } }, signal })),
    staleTime: 60_000,
  })
  const names = computed(() => new Map((list.data.value?.items ?? []).map((d) => [d.key, d.name || d.key])))
  return { list, name: (key: string) => names.value.get(key) ?? key }
}

const taskQuery = (id: string) => ({
  queryKey: ['task', id],
  queryFn: ({ signal }: { signal: AbortSignal }) => data(api.GET('/api/v1/tasks/{id}', { params: { path: { id } }, signal })),
})
const formQuery = (id: string) => ({
  queryKey: ['task', id, 'form'],
  queryFn: ({ signal }: { signal: AbortSignal }) => data(api.GET('/api/v1/tasks/{id}/form', { params: { path: { id } }, signal })),
  staleTime: 30_000,
})
const instanceQuery = (id: string) => ({
  queryKey: ['instance', id],
  queryFn: ({ signal }: { signal: AbortSignal }) => data(api.GET('/api/v1/instances/{id}', { params: { path: { id } }, signal })),
  staleTime: 30_000,
})

export const useTask = (id: Ref<string>) => useQuery(computed(() => ({ ...taskQuery(id.value), enabled: id.value !== '' })))
export const useTaskForm = (id: Ref<string>) => useQuery(computed(() => ({ ...formQuery(id.value), enabled: id.value !== '' })))
export const useInstance = (id: Ref<string>) => useQuery(computed(() => ({ ...instanceQuery(id.value), enabled: id.value !== '' })))

/** Reads a task before it is opened. Reading a copy marks it as read, so copies are not. */
export function prefetchTask(task?: Task) {
  if (!task || task.copy) return
  void queries.prefetchQuery({ ...taskQuery(task.id), staleTime: 20_000 })
  void queries.prefetchQuery(formQuery(task.id))
}

/** What happened, who comes next, where the tokens are, and why: of an instance. */
export function useCourse(id: Ref<string>) {
  const path = () => ({ params: { path: { id: id.value } } })
  const enabled = computed(() => id.value !== '')
  const timeline = useQuery({
    queryKey: ['instance', id, 'timeline'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/instances/{id}/timeline', { ...path(), signal })),
    enabled,
  })
  const forecast = useQuery({
    queryKey: ['instance', id, 'forecast'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/instances/{id}/forecast', { ...path(), signal })),
    enabled,
  })
  const activity = useQuery({
    queryKey: ['instance', id, 'activity'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/instances/{id}/activity', { ...path(), signal })),
    enabled,
  })
  const why = useQuery({
    queryKey: ['instance', id, 'why'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/instances/{id}/why', { ...path(), signal })),
    enabled,
  })
  return { timeline, forecast, activity, why }
}

/** The drawing of a definition, which never changes. */
export function useDrawing(definitionId: Ref<string>) {
  return useQuery({
    queryKey: ['xml', definitionId],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/definitions/{id}/xml', { params: { path: { id: definitionId.value } }, parseAs: 'text', signal })) as Promise<string>,
    enabled: computed(() => definitionId.value !== ''),
    staleTime: Infinity,
  })
}

/** Whether an open task should have been done by now. */
export const overdue = (task: Pick<Task, 'dueAt' | 'endedAt'>, now: number) => Boolean(task.dueAt && !task.endedAt && Date.parse(task.dueAt) < now)
